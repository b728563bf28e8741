package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/finlatch/finlatch/jellyfin"
)

// quickConnect signs in without a password, and shows what goes on.
func (p *Program) quickConnect(ctx context.Context, client *jellyfin.Client, user string) (*jellyfin.SignedIn, error) {
	live := &liveLine{p: p}
	defer live.close()
	show := func(code jellyfin.QuickConnectCode) {
		p.showCode(code)
		live.start()
	}
	patient, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	var approved atomic.Bool
	defer context.AfterFunc(ctx, func() {
		if approved.Load() {
			time.AfterFunc(answerTime, cancel)
		} else {
			cancel()
		}
	})()
	progress := func(news jellyfin.QuickConnectProgress) {
		approved.Store(news.State == jellyfin.StepApproved)
		live.progress(news)
	}
	in, err := client.QuickConnect(patient, show, jellyfin.QuickConnectOptions{User: user, Progress: progress})
	in, err = unlessInterrupted(ctx, client, in, err)
	return in, explain(err, cause{jellyfin.ErrForbidden, exitNotSignedIn, "the server does not let this user in", "ask its administrator"})
}

// showCode tells a person what to approve, and where: large, and with a QR code, where that fits.
func (p *Program) showCode(code jellyfin.QuickConnectCode) {
	s := p.screen()
	fmt.Fprintf(p.Stderr, "Approve this code in an app (Settings, Quick Connect), with\nfinlatch approve %s, or at %s\n", code.Code, s.bold(code.Link))
	if !s.terminal() {
		fmt.Fprintf(p.Stderr, "Code: %s\n", code.Code)
		return
	}
	drawn, needs := s.drawCode(code)
	for _, line := range drawn {
		fmt.Fprintln(p.Stderr, line)
	}
	if needs != "" {
		fmt.Fprintln(p.Stderr, needs)
	}
}

// liveLine is the last line on the terminal, which tells how the request is getting on. Elsewhere each news is a line.
type liveLine struct {
	p *Program

	mu      sync.Mutex
	began   time.Time
	text    string
	stopped chan struct{}
}

const waitingText = "Waiting for approval"

// start begins to show how long it takes.
func (l *liveLine) start() {
	l.began, l.text, l.stopped = time.Now(), waitingText, make(chan struct{})
	l.draw()
	if !l.p.screen().terminal() {
		return
	}
	go func() {
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			select {
			case <-l.stopped:
				return
			case <-tick.C:
				l.draw()
			}
		}
	}()
}

func (l *liveLine) progress(news jellyfin.QuickConnectProgress) {
	text := waitingText
	switch news.State {
	case jellyfin.StepFailed:
		text = "The server does not answer; trying again"
		if e, ok := errors.AsType[*jellyfin.Error](news.Err); ok && e.Status != 0 {
			text = fmt.Sprintf("The server answers %d; trying again", e.Status)
		}
	case jellyfin.StepApproved:
		text = "Approved"
	}
	l.mu.Lock()
	changed := text != l.text
	l.text = text
	l.mu.Unlock()
	if changed {
		l.draw()
	}
}

func (l *liveLine) draw() {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-l.stopped:
		return
	default:
	}
	s := l.p.screen()
	if !s.terminal() {
		fmt.Fprintln(l.p.Stderr, l.text+".")
		return
	}
	passed := time.Since(l.began).Truncate(time.Second)
	line := fmt.Sprintf("%s … %d:%02d", l.text, int(passed.Minutes()), int(passed.Seconds())%60)
	if pad := len(waitingText) + 30 - len(line); pad > 0 {
		line += strings.Repeat(" ", pad)
	}
	fmt.Fprintf(l.p.Stderr, "\r%.*s", s.columns-1, line)
}

// close leaves the line as it is, and the cursor below it.
func (l *liveLine) close() {
	if l.stopped == nil {
		return
	}
	close(l.stopped)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.p.screen().terminal() {
		fmt.Fprintln(l.p.Stderr)
	}
}
