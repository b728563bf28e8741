package cli

import (
	"context"
	"os"
	"syscall"
)

// signals are the signals of one run, as events.
type signals struct {
	stop   context.Context // ends at the first SIGINT or SIGTERM
	now    context.Context // ends at the second
	reload chan struct{}   // SIGHUP
	close  func()
}

func (p *Program) watchSignals(ctx context.Context) *signals {
	stop, askStop := context.WithCancel(ctx)
	now, askNow := context.WithCancel(context.WithoutCancel(ctx))
	s := &signals{stop: stop, now: now, reload: make(chan struct{}, 1), close: func() { askStop(); askNow() }}
	received := make(chan os.Signal, 4)
	p.Notify(received, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	go func() {
		for {
			select {
			case <-now.Done():
				return
			case sig := <-received:
				switch {
				case sig == syscall.SIGHUP:
					select {
					case s.reload <- struct{}{}:
					default: // one is due already
					}
				case stop.Err() == nil:
					askStop()
				default:
					askNow()
				}
			}
		}
	}()
	return s
}
