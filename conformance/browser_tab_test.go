package conformance_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// tabTimeout bounds whatever somebody in front of a browser waits for.
const tabTimeout = 20 * time.Second

// browserTimeout bounds the life of a browser, in which many windows wait for their turn, and windowTimeout that of a window.
const (
	browserTimeout = 10 * time.Minute
	windowTimeout  = 5 * time.Minute
)

// tabs lets only so many windows work at a time as a small machine has processors for.
var tabs = make(chan struct{}, 2)

// view is how somebody looks at the pages and drives them.
type view struct {
	name          string
	width, height int64
	phone         bool
	script        bool // scripts of the pages run
	keyboard      bool // no mouse
}

var (
	phone            = view{name: "phone", width: 390, height: 844, phone: true, script: true}
	phoneNoScript    = view{name: "phone without script", width: 390, height: 844, phone: true}
	desktop          = view{name: "desktop", width: 1280, height: 900, script: true}
	desktopNoScript  = view{name: "desktop without script", width: 1280, height: 900}
	keyboard         = view{name: "keyboard", width: 1280, height: 900, script: true, keyboard: true}
	keyboardNoScript = view{name: "keyboard without script", width: 1280, height: 900, keyboard: true}
)

// tab is a window of a browser with a profile of its own. Controls are found as a screen reader finds them, by role and name;
// what a method waits for comes within tabTimeout, or the test fails.
type tab struct {
	view
	base    string
	context context.Context // of chromedp

	mutex   sync.Mutex
	loaded  cdp.LoaderID // the last page that has come whole
	dialogs []string     // what scripts have asked; each gets yes for an answer
	network traffic
}

// browser is Chromium. Its windows share nothing but the process.
type browser struct{ context context.Context }

// newBrowser starts a browser that ends with the test, and its profile with it. Without Chromium the test is skipped, but not in CI.
func newBrowser(t *testing.T) browser {
	t.Helper()
	if _, err := exec.LookPath(chromium); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("chromium is needed (Debian's package chromium): %v", err)
		}
		t.Skipf("install chromium (Debian's package of that name) to see the pages in a browser: %v", err)
	}
	limit, cancel := context.WithTimeout(context.Background(), browserTimeout)
	t.Cleanup(cancel)
	ctx, end := chromedp.NewContext(limit, chromedp.WithErrorf(func(string, ...any) {}), chromedp.WithAllocatorOptions(
		chromedp.ExecPath(chromium), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.Flag("lang", "en-GB"),
		chromedp.Flag("hide-scrollbars", true)))
	t.Cleanup(end)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("chromium does not start: %v", err)
	}
	return browser{ctx}
}

// open opens a window with a profile of its own, for a server.
func (from browser) open(t *testing.T, base string, v view) *tab {
	t.Helper()
	tabs <- struct{}{}
	t.Cleanup(func() { <-tabs })
	limit, cancel := context.WithTimeout(from.context, windowTimeout)
	t.Cleanup(cancel)
	ctx, end := chromedp.NewContext(limit, chromedp.WithNewBrowserContext())
	t.Cleanup(end)
	b := &tab{view: v, base: base, context: ctx}
	b.must(t, chromedp.Listen(ctx, b.hear))
	resize := []chromedp.EmulateViewportOption{}
	if v.phone {
		resize = append(resize, chromedp.EmulateMobile, chromedp.EmulateTouch, chromedp.EmulateScale(2))
	}
	b.must(t, chromedp.Do(ctx, chromedp.EmulateViewport(v.width, v.height, resize...)))
	command(t, b, page.SetLifecycleEventsEnabled, page.SetLifecycleEventsEnabledParams{Enabled: true})
	command(t, b, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !v.script})
	command(t, b, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true})
	b.watchTraffic(t)
	t.Cleanup(func() {
		if t.Failed() {
			b.screenshot(t, "failed "+t.Name())
		}
	})
	return b
}

const chromium = "chromium"

// hear is called for every event, in order, and must not wait.
func (b *tab) hear(event any) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	switch event := event.(type) {
	case *page.EventLifecycleEvent:
		if event.Name == "load" {
			b.loaded = event.LoaderID
		}
	case *page.EventJavascriptDialogOpening:
		b.dialogs = append(b.dialogs, event.Message)
		go func() {
			_, _ = chromedp.Call(b.context, page.HandleJavaScriptDialog, page.HandleJavaScriptDialogParams{Accept: true})
		}()
	default:
		b.hearTraffic(event)
	}
}

func (b *tab) must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", b.name, err)
	}
}

// command sends a command of the browser's protocol.
func command[P, R any](t *testing.T, b *tab, c cdp.Command[P, R], params P) R {
	t.Helper()
	result, err := try(b, c, params)
	if err != nil {
		t.Fatalf("%s: %s: %v", b.name, c.Method, err)
	}
	return result
}

func try[P, R any](b *tab, c cdp.Command[P, R], params P) (R, error) {
	ctx, cancel := context.WithTimeout(b.context, tabTimeout)
	defer cancel()
	return chromedp.Call(ctx, c, params)
}

// evaluate runs an expression in the page, also where scripts of the page do not run.
func evaluate[T any](t *testing.T, b *tab, expression string) T {
	t.Helper()
	value, err := tryEvaluate[T](b, expression)
	if err != nil {
		t.Fatalf("%s: %.60s: %v", b.name, expression, err)
	}
	return value
}

// tryEvaluate does it where another page may come at any moment.
func tryEvaluate[T any](b *tab, expression string) (T, error) {
	ctx, cancel := context.WithTimeout(b.context, tabTimeout)
	defer cancel()
	return chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}

// await asks again and again until something is so.
func (b *tab) await(t *testing.T, what string, is func() error) {
	t.Helper()
	var err error
	for until := time.Now().Add(tabTimeout); time.Now().Before(until); time.Sleep(20 * time.Millisecond) {
		if err = is(); err == nil {
			return
		}
		if b.context.Err() != nil {
			break
		}
	}
	text, _ := b.text()
	t.Fatalf("%s: %s: %v; the page says:\n%s", b.name, what, err, text)
}

// open goes to a path of the server, or to an address.
func (b *tab) open(t *testing.T, path string) {
	t.Helper()
	if strings.HasPrefix(path, "/") {
		path = b.base + path
	}
	b.forgetTraffic()
	went := command(t, b, page.Navigate, page.NavigateParams{URL: path})
	if went.ErrorText != "" {
		t.Fatalf("%s: %s: %s", b.name, path, went.ErrorText)
	}
	b.await(t, "open "+path, func() error {
		if b.shown() != went.LoaderID {
			return errors.New("the page has not come")
		}
		return nil
	})
}

// shown is the page that has come last.
func (b *tab) shown() cdp.LoaderID {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.loaded
}

// follow waits until what act did has led to a page.
func (b *tab) follow(t *testing.T, what string, act func()) {
	t.Helper()
	before := b.shown()
	act()
	b.await(t, what, func() error {
		if b.shown() == before {
			return errors.New("no page has come of it")
		}
		return nil
	})
}

// text is what the page shows, without what is hidden.
func (b *tab) text() (string, error) {
	return tryEvaluate[string](b, "document.body ? document.body.innerText : ''")
}

// heading waits for a page of that first heading.
func (b *tab) heading(t *testing.T, want string) {
	t.Helper()
	b.await(t, "heading", func() error {
		got, err := tryEvaluate[string](b, "document.querySelector('h1')?.innerText ?? ''")
		if err == nil && got != want {
			err = fmt.Errorf("it is %q, want %q", got, want)
		}
		return err
	})
}

// sees waits until the page shows texts.
func (b *tab) sees(t *testing.T, wants ...string) {
	t.Helper()
	b.await(t, "text", func() error {
		text, err := b.text()
		for _, want := range wants {
			if !strings.Contains(text, want) {
				err = errors.Join(err, fmt.Errorf("%q is not there", want))
			}
		}
		return err
	})
}

// seesNot waits until the page shows a text no more.
func (b *tab) seesNot(t *testing.T, text string) {
	t.Helper()
	b.await(t, "text", func() error {
		shown, err := b.text()
		if err == nil && strings.Contains(shown, text) {
			err = fmt.Errorf("%q is there", text)
		}
		return err
	})
}

// alert waits for the page to say what is wrong.
func (b *tab) alert(t *testing.T) {
	t.Helper()
	b.await(t, "alert", func() error {
		said, err := tryEvaluate[string](b, "document.querySelector('[role=alert]')?.innerText ?? ''")
		if err == nil && said == "" {
			err = errors.New("there is none")
		}
		return err
	})
}

// paint chooses "light" or "dark".
func (b *tab) paint(t *testing.T, scheme string) {
	t.Helper()
	command(t, b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
}

// out is where something is kept that people may want to look at after the tests.
func out(t *testing.T, folder string) string {
	t.Helper()
	kept := filepath.Join(".out", folder)
	if os.Getenv("CI") == "true" {
		kept = filepath.Join("..", ".ci", "out", folder)
	}
	if err := os.MkdirAll(kept, 0o755); err != nil {
		t.Fatal(err)
	}
	return kept
}

// screenshot keeps a picture of the whole page, unless it would be one more of the same.
func (b *tab) screenshot(t *testing.T, name string) {
	t.Helper()
	if (b.keyboard || !b.script) && !t.Failed() {
		return
	}
	metrics, err := try(b, page.GetLayoutMetrics, cdp.Empty{})
	if err != nil {
		t.Errorf("no screenshot: %v", err)
		return
	}
	size, whole := metrics.CSSContentSize, true
	shot, err := try(b, page.CaptureScreenshot, page.CaptureScreenshotParams{CaptureBeyondViewport: &whole,
		Clip: &page.Viewport{Width: size.Width, Height: min(max(size.Height, float64(b.height)), 6000), Scale: 1}})
	if err != nil {
		t.Errorf("no screenshot: %v", err)
		return
	}
	file := strings.NewReplacer("/", " ", " ", "-", "?", "-").Replace(name+" "+b.name) + ".png"
	if err := os.WriteFile(filepath.Join(out(t, "screenshots"), file), shot.Data, 0o644); err != nil {
		t.Error(err)
	}
}
