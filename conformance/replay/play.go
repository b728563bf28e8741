package replay

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"strings"
	"time"
)

// Options say how a recording is played. Only Base is needed.
type Options struct {
	Base      string    // http://host:port of a server on this machine
	Discovery int       // the UDP port of that server's discovery; 7359 if 0
	Data      string    // that server's data folder: files are read there and nowhere else
	Disguise  *Disguise // other names than the recorded ones
	// Between is called before each step with its number, from 0, but not while a WebSocket is open. It may restart the
	// server; then it returns true, and connections that steps keep open are opened anew.
	Between func(step int) (restarted bool, err error)
	Watch   func(Exchange)         // sees everything that goes over the wire
	Waits   func(step string) bool // steps that cannot be right yet; what they answer says nothing about identity
	Run     string                 // the value of ${RUN}; drawn if empty
}

// Exchange is one request and its answer as they went over the wire.
type Exchange struct {
	Scenario, Step string
	Method, Path   string
	Headers        []Header
	Body           []byte
	Status         int
	ContentType    string
	Answer         []byte
}

// Result is what came of one scenario.
type Result struct {
	Scenario string
	Steps    []StepResult
}

// StepResult is what came of one step.
type StepResult struct {
	Name        string
	Compared    bool // false where the recording itself says that the answer means nothing
	Differences []Difference
}

// player plays one recording.
type player struct {
	Options
	scenario string
	step     string // the step under way
	wire     *wire
	sockets  map[string]*socket // open ones, and those that the server has closed
	values   values
	identity *identity
	disguise *Disguise
	moved    *strings.Replacer // the recording's address and run, as they are now
}

// Play plays a recording to a server. It fails only if the server cannot be played to: it is not there, it is set up
// though the scenario wants a fresh one, its administrator cannot sign in. The result then holds the steps until there.
// What the server answers otherwise is in the result.
func Play(ctx context.Context, recording *Recording, options Options) (*Result, error) {
	w, err := newWire(options.Base)
	if err != nil {
		return nil, err
	}
	defer w.drop()
	run := options.Run
	if run == "" {
		random := make([]byte, 4)
		_, _ = rand.Read(random) // never fails
		run = hex.EncodeToString(random)
	}
	_, port, _ := net.SplitHostPort(w.address)
	p := &player{
		Options: options, scenario: recording.Scenario, wire: w, disguise: options.Disguise,
		values:   values{"RUN": run, "HOST": w.host, "PORT": port},
		identity: newIdentity(recording.Steps), sockets: map[string]*socket{},
		moved: strings.NewReplacer(recording.Host, w.host, recording.Run, run),
	}
	defer func() {
		for _, s := range p.sockets {
			_ = s.c.Close()
		}
	}()
	result := &Result{Scenario: p.scenario}
	if recording.Needs == "fresh" {
		if done, err := p.isSetUp(ctx); err != nil {
			return result, fmt.Errorf("%s: %w", p.scenario, err)
		} else if done {
			return result, fmt.Errorf("%s needs a server that nobody has set up, and this one is", p.scenario)
		}
	}
	for i := range recording.Steps {
		done, err := p.do(ctx, i, &recording.Steps[i])
		if err != nil {
			return result, fmt.Errorf("%s/%s: %w", p.scenario, recording.Steps[i].Name, err)
		}
		result.Steps = append(result.Steps, done)
	}
	return result, nil
}

// do carries out one step and compares. Its error is one that ends the scenario.
func (p *player) do(ctx context.Context, number int, step *Step) (StepResult, error) {
	p.step = step.Name
	c := &comparison{scenario: p.scenario, step: step.Name, rules: &step.Spec.Rules, identity: p.identity, disguise: p.disguise}
	if p.Waits != nil && p.Waits(step.Name) {
		c.identity = p.identity.clone()
	}
	if p.Between != nil && len(p.sockets) == 0 {
		restarted, err := p.Between(number)
		if err != nil {
			return StepResult{}, err
		}
		if restarted {
			p.wire.drop()
		}
	}
	if err := sleep(ctx, step.Spec.Sleep); err != nil {
		return StepResult{}, err
	}
	var err error
	switch step.Kind {
	case "purge":
		if err = p.setUp(ctx); err == nil {
			err = p.purge(ctx)
		}
	default:
		err = p.ask(ctx, step, c)
	}
	return StepResult{Name: step.Name, Compared: step.Spec.Rules.compared(), Differences: c.differences}, err
}

func sleep(ctx context.Context, seconds float64) error {
	if seconds == 0 {
		return nil
	}
	select {
	case <-time.After(time.Duration(seconds * float64(time.Second))):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// ask carries out a step that has an answer.
func (p *player) ask(ctx context.Context, step *Step, c *comparison) error {
	spec, err := p.disguise.spec(step.Spec)
	if err != nil {
		return err
	}
	for name := range spec.Save {
		delete(p.values, name)
	}
	got, err := p.answer(ctx, step.Kind, spec)
	if lacking := (missing{}); errors.As(err, &lacking) {
		c.differ("skipped", "an answer", lacking.Error(), "")
		return nil
	}
	if errors.Is(err, errors.ErrUnsupported) {
		c.differ("kind", step.Kind, "unsupported kind "+step.Kind, "")
		return nil
	}
	if failure := (failure{}); errors.As(err, &failure) && ctx.Err() == nil {
		got, err = &Answer{Error: failure.word, BodyKind: "empty", Body: ""}, nil
	}
	if err != nil {
		return err
	}
	saved, err := capture(spec.Save, got)
	if err != nil {
		return err
	}
	for name, value := range saved {
		if value != nil {
			p.values[name] = value
		}
	}
	if step.Answer == nil {
		return errors.New("the recording has no answer")
	}
	if spec.Rules.compared() {
		c.answers(p.disguise.answer(p.relocated(step.Answer)), got)
	}
	p.compareSaved(step, saved, c)
	return nil
}

// answer does what a step says and gives what came of it.
func (p *player) answer(ctx context.Context, kind string, spec Spec) (*Answer, error) {
	switch kind {
	case "http":
		out, err := p.fill(spec)
		if err != nil {
			return nil, err
		}
		return p.exchange(ctx, out)
	case "file":
		return p.readFile(spec.Request)
	case "udp":
		return p.discover(ctx, spec.Request)
	case "ws-open":
		return p.openSocket(ctx, spec)
	case "ws-talk", "ws-quiet", "ws-close":
		return p.useSocket(ctx, kind, spec.Request)
	}
	return nil, errors.ErrUnsupported
}

// fill makes a request of a step.
func (p *player) fill(spec Spec) (outgoing, error) {
	asked := spec.Request
	out := outgoing{method: asked.Method, proto: asked.Proto, conn: asked.Conn,
		timeout: time.Duration(spec.Timeout * float64(time.Second))}
	var err error
	if out.path, err = p.values.fill(asked.Path); err != nil {
		return out, err
	}
	for _, header := range asked.Headers {
		if header.Value != nil {
			value, err := p.values.fill(*header.Value)
			if err != nil {
				return out, err
			}
			header.Value = &value
		}
		out.headers = append(out.headers, header)
	}
	switch {
	case asked.JSON != nil:
		node, err := decode(asked.JSON)
		if err != nil {
			return out, err
		}
		filled, err := p.values.fillJSON(node)
		if err != nil {
			return out, err
		}
		out.body = wireBytes(encode(filled))
	case asked.Text != nil:
		text, err := p.values.fill(*asked.Text)
		if err != nil {
			return out, err
		}
		out.body = wireBytes(text)
	}
	return out, nil
}

// exchange sends a request and shows it to whoever watches.
func (p *player) exchange(ctx context.Context, out outgoing) (*Answer, error) {
	sent, answer, data, err := p.wire.exchange(ctx, out)
	if err != nil {
		return nil, err
	}
	p.show(out, sent, answer, data)
	return answer, nil
}

func (p *player) show(out outgoing, sent []Header, answer *Answer, data []byte) {
	if p.Watch != nil {
		p.Watch(Exchange{Scenario: p.scenario, Step: p.step, Method: out.method, Path: out.path, Headers: sent, Body: out.body,
			Status: answer.Status, ContentType: answer.Headers["content-type"], Answer: data})
	}
}

// compareSaved binds what was captured, and of a step whose answer is not compared it wants all that the recording had.
func (p *player) compareSaved(step *Step, saved map[string]any, c *comparison) {
	for _, name := range slices.Sorted(maps.Keys(step.Saved)) {
		recorded, got := step.Saved[name], saved[name]
		if got == nil && recorded.value != nil && !c.rules.compared() {
			c.differ("saved:"+name, brief(encode(recorded.value)), absent, "later steps may need it")
		}
		one, isText := recorded.value.(string)
		other, isThere := got.(string)
		if !isText || !isThere || p.identity.constants[plain(one)] {
			continue
		}
		parts := volatiles(one)
		if len(parts) == 1 && parts[0].start == 0 && parts[0].end == len(one) && parts[0].kind != "date" {
			c.identity.bind(one, other, step.Name+" "+step.Spec.Save[name])
		}
	}
}

// relocated is a recorded answer with the address and the run of the recording exchanged for the present ones.
func (p *player) relocated(recorded *Answer) *Answer {
	out := *recorded
	out.Body = p.relocatedValue(recorded.Body)
	out.Raw = p.moved.Replace(recorded.Raw)
	out.Headers = map[string]string{}
	for name, value := range recorded.Headers {
		out.Headers[name] = p.moved.Replace(value)
	}
	return &out
}

func (p *player) relocatedValue(value any) any {
	switch value := value.(type) {
	case string:
		return p.moved.Replace(value)
	case []any:
		out := make([]any, len(value))
		for i, item := range value {
			out[i] = p.relocatedValue(item)
		}
		return out
	case *object:
		out := &object{}
		for key, item := range value.all() {
			out.set(p.moved.Replace(key), p.relocatedValue(item))
		}
		return out
	}
	return value
}
