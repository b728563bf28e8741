package conformance_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto"
	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/cdp/jsonv2"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// control is something on a page that somebody can use, as assistive technology is told of it.
type control struct {
	id         cdp.BackendNodeID
	role, name string
	value      string
}

func (c control) String() string { return fmt.Sprintf("%s %q", c.role, c.name) }

// Roles, as Chromium calls them.
var (
	pressed = []string{"button", "link", "DisclosureTriangle", "checkbox", "radio"}
	filled  = []string{"textbox", "searchbox", "combobox", "spinbutton"}
)

func axText(value *accessibility.Value) string {
	if value == nil {
		return ""
	}
	var text any
	_ = jsonv2.Unmarshal(value.Value, &text)
	if text == nil {
		return ""
	}
	return fmt.Sprint(text)
}

func controlOf(node *accessibility.Node) control {
	return control{id: node.BackendDOMNodeID, role: axText(node.Role), name: strings.TrimSpace(axText(node.Name)), value: axText(node.Value)}
}

// find looks for the one control of these roles with that name, for a button before a link. Where no field has it, one counts
// whose name begins with it: a label may have a hint in it.
func (b *tab) find(roles []string, name string) (control, error) {
	tree, err := try(b, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{})
	if err != nil {
		return control{}, err
	}
	var exact, begun []control
	var there []string
	for _, node := range tree.Nodes {
		c := controlOf(node)
		if node.Ignored || c.id == 0 || !slices.Contains(roles, c.role) {
			continue
		}
		there = append(there, c.String())
		switch {
		case c.name == name:
			exact = append(exact, c)
		case strings.HasPrefix(c.name, name+" "):
			begun = append(begun, c)
		}
	}
	if len(exact) == 0 && !slices.Contains(roles, "link") {
		exact = begun
	}
	if at := slices.IndexFunc(exact, func(c control) bool { return c.role == "button" }); at >= 0 {
		exact = slices.DeleteFunc(exact, func(c control) bool { return c.role == "link" })
	}
	if len(exact) != 1 {
		return control{}, fmt.Errorf("%d controls have the name %q; there are %s", len(exact), name, strings.Join(there, ", "))
	}
	return exact[0], nil
}

// has tells whether the page has a control of that role and name now.
func (b *tab) has(role, name string) bool {
	_, err := b.find([]string{role}, name)
	return err == nil
}

// click uses a button or a link, and waits for the page that comes of it.
func (b *tab) click(t *testing.T, name string) {
	t.Helper()
	b.follow(t, "click "+name, func() { b.press(t, name) })
}

// press uses a button, a link or a box to tick, of which no page comes.
func (b *tab) press(t *testing.T, name string) {
	t.Helper()
	if b.keyboard {
		c := b.tabTo(t, pressed, name)
		key := " "
		if c.role == "link" {
			key = "\r"
		}
		b.keys(t, key)
		return
	}
	b.point(t, pressed, name)
}

// point clicks with the mouse into the middle of a control.
func (b *tab) point(t *testing.T, roles []string, name string) {
	t.Helper()
	var x, y float64
	b.await(t, "click", func() error {
		c, err := b.find(roles, name)
		if err != nil {
			return err
		}
		if _, err := try(b, dom.ScrollIntoViewIfNeeded, dom.ScrollIntoViewIfNeededParams{BackendNodeID: c.id}); err != nil {
			return err
		}
		quads, err := try(b, dom.GetContentQuads, dom.GetContentQuadsParams{BackendNodeID: c.id})
		if err != nil {
			return err
		}
		if len(quads.Quads) == 0 || len(quads.Quads[0]) != 8 {
			return fmt.Errorf("%s has no place", c)
		}
		q := quads.Quads[0]
		x, y = (q[0]+q[4])/2, (q[1]+q[5])/2
		return nil
	})
	for _, kind := range []input.DispatchMouseEventType{input.DispatchMouseEventTypeMousePressed, input.DispatchMouseEventTypeMouseReleased} {
		move(t, b, input.DispatchMouseEvent, input.DispatchMouseEventParams{Type: kind, X: x, Y: y, Button: input.MouseButtonLeft, ClickCount: 1})
	}
}

// fill replaces what a field holds.
func (b *tab) fill(t *testing.T, label, text string) {
	t.Helper()
	if b.keyboard {
		b.tabTo(t, filled, label)
	} else {
		b.point(t, filled, label)
	}
	whole := input.DispatchKeyEventParams{Type: input.DispatchKeyEventTypeKeyDown, Key: "a", Code: "KeyA", WindowsVirtualKeyCode: 65, Modifiers: 2, Commands: []string{"selectAll"}}
	move(t, b, input.DispatchKeyEvent, whole)
	whole.Type, whole.Commands = input.DispatchKeyEventTypeKeyUp, nil
	move(t, b, input.DispatchKeyEvent, whole)
	if text == "" {
		b.keys(t, "\b")
		return
	}
	move(t, b, input.InsertText, input.InsertTextParams{Text: text})
}

// attach gives a field a file.
func (b *tab) attach(t *testing.T, label, file string) {
	t.Helper()
	b.await(t, "attach", func() error {
		c, err := b.find([]string{"button"}, label) // Chromium calls it one
		if err != nil {
			return err
		}
		_, err = try(b, dom.SetFileInputFiles, dom.SetFileInputFilesParams{BackendNodeID: c.id, Files: []string{file}})
		return err
	})
}

// choose takes an option of a list by typing its name.
func (b *tab) choose(t *testing.T, label, option string) {
	t.Helper()
	if b.keyboard {
		b.tabTo(t, filled, label)
	} else {
		c, err := b.find(filled, label)
		b.must(t, err)
		command(t, b, dom.Focus, dom.FocusParams{BackendNodeID: c.id})
	}
	b.keys(t, option)
	b.await(t, "choose", func() error {
		if c, err := b.find(filled, label); err != nil || c.value != option {
			return fmt.Errorf("it is %q, want %q: %v", c.value, option, err)
		}
		return nil
	})
}

// keys presses keys, one after the other.
func (b *tab) keys(t *testing.T, keys string) {
	t.Helper()
	if err := chromedp.Do(b.context, chromedp.KeyEvent(keys)); !led(err) {
		b.must(t, err)
	}
}

// move sends a command that may lead to another page before it is answered.
func move[P, R any](t *testing.T, b *tab, c cdp.Command[P, R], params P) {
	t.Helper()
	if _, err := try(b, c, params); !led(err) {
		b.must(t, err)
	}
}

// led tells whether the browser says that another page has come.
func led(err error) bool {
	said, is := errors.AsType[*cdproto.Error](err)
	return is && strings.Contains(said.Message, "navigated")
}

// focused is the control that keys go to; none: the page itself has the focus.
func (b *tab) focused() (control, error) {
	held := true
	active, err := try(b, runtime.Evaluate, runtime.EvaluateParams{Expression: "document.activeElement", ReturnByValue: new(bool), Silent: &held})
	if err != nil {
		return control{}, err
	}
	if active.Result == nil || active.Result.ObjectID == "" {
		return control{}, nil
	}
	var none bool
	tree, err := try(b, accessibility.GetPartialAXTree, accessibility.GetPartialAXTreeParams{ObjectID: active.Result.ObjectID, FetchRelatives: &none})
	if err != nil {
		return control{}, err
	}
	if len(tree.Nodes) == 0 {
		return control{}, errors.New("what has the focus is not told to assistive technology")
	}
	return controlOf(tree.Nodes[0]), nil
}

// maxTabs is how often somebody presses Tab before giving up.
const maxTabs = 150

// tabTo presses Tab until the control has the focus, which must then be seen.
func (b *tab) tabTo(t *testing.T, roles []string, name string) control {
	t.Helper()
	var wanted control
	find := func() (err error) {
		wanted, err = b.find(roles, name)
		return err
	}
	b.await(t, "reach by Tab", find)
	for range maxTabs {
		now, err := b.focused()
		if err != nil { // another page has come
			b.await(t, "reach by Tab", find)
			continue
		}
		if now.id == wanted.id {
			b.await(t, "focus of "+wanted.String(), func() error {
				fault, err := tryEvaluate[string](b, unseenFocus)
				if err == nil && fault != "" {
					err = errors.New(fault)
				}
				return err
			})
			return wanted
		}
		b.keys(t, "\t")
	}
	t.Fatalf("%s: %s is not reached by Tab", b.name, wanted)
	return control{}
}

// unseenFocus is what is wrong with the look of what has the focus, or "".
const unseenFocus = `(() => {
  const e = document.activeElement, style = getComputedStyle(e), box = e.getBoundingClientRect();
  const outlined = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 1 && !/, 0\)$|transparent/.test(style.outlineColor);
  if (!outlined) return 'no outline shows it';
  if (box.bottom <= 0 || box.right <= 0 || box.top >= innerHeight || box.left >= innerWidth) return 'it is out of sight';
  const at = document.elementFromPoint(Math.min(Math.max(box.left + box.width / 2, 0), innerWidth - 1), Math.min(Math.max(box.top + box.height / 2, 0), innerHeight - 1));
  if (!at || !(e.contains(at) || at.contains(e))) return 'something covers it';
  return '';
})()`

// unreached presses Tab through the whole page: every control must get the focus, and show that it has.
func (b *tab) unreached(t *testing.T) (faults []string) {
	t.Helper()
	count := evaluate[int](t, b, `(() => {
  window.unreached = new Set([...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex]')]
    .filter((e) => !e.disabled && e.checkVisibility({ visibilityProperty: true })));
  return window.unreached.size;
})()`)
	if count == 0 {
		return []string{"there is nothing to use"}
	}
	type step struct {
		Fault string
		Left  []string
	}
	var now step
	for range 2*count + 10 {
		b.keys(t, "\t")
		now = evaluate[step](t, b, `(() => {
  const e = document.activeElement;
  const fault = window.unreached.delete(e) && `+unseenFocus+`;
  return { Fault: fault ? e.outerHTML.slice(0, 200) + ': ' + fault : '', Left: [...window.unreached].map((e) => e.outerHTML.slice(0, 200)) };
})()`)
		if now.Fault != "" {
			faults = append(faults, now.Fault)
		}
		if len(now.Left) == 0 {
			return faults
		}
	}
	return append(faults, "not reached by Tab: "+strings.Join(now.Left, "\n"))
}
