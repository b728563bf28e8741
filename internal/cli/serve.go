package cli

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"

	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/gateway"
	"github.com/finlatch/finlatch/internal/metrics"
	"github.com/finlatch/finlatch/server"
	"github.com/finlatch/finlatch/web"
)

// serveCommand runs the server.
type serveCommand struct {
	Settings settings `embed:""`
}

// Help is the manual's page.
func (*serveCommand) Help() string { return serveHelp }

// Run serves until a signal ends it.
func (c *serveCommand) Run(ctx context.Context, p *Program, root *commandLine) error {
	if err := c.Settings.check(); err != nil {
		return err
	}
	signals := p.watchSignals(ctx)
	defer signals.close()
	s := &serving{Program: p, settings: &c.Settings, log: c.Settings.newLog(p.Stderr), home: root.home(), ownData: root.Data != path(p.defaultData())}
	if err := s.open(signals.stop); err != nil {
		return err
	}
	return s.run(signals)
}

// serving is everything that makes a server.
type serving struct {
	*Program
	settings *settings
	log      *slog.Logger
	home
	ownData bool // dir is not the default, so commands have to name it

	certificate  *certificate // nil without TLS
	house        *house
	metrics      *metrics.Metrics
	metering     net.Listener    // nil: metrics are the API's
	upstream     *gateway.Client // nil: the users are here
	upstreamID   finlatch.ID     // zero: not known now
	upstreamName string          // empty: not known now
	unseen       bool            // it does not answer, and is examined later
	listener     net.Listener
	control      net.Listener
	where        []string // the URLs it is reached at
}

// open gets everything ready, listening last, or leaves nothing behind.
func (s *serving) open(ctx context.Context) (err error) {
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	if s.settings.TLSCert != "" {
		if s.certificate, err = loadCertificate(s.settings.TLSCert, s.settings.TLSKey, s.log); err != nil {
			return err
		}
	}
	if err := makeDataDir(s.dir); err != nil {
		return err
	}
	s.warnOfDataDir()
	if err := s.alone(ctx); err != nil {
		return err
	}
	if err := s.openUpstream(ctx); err != nil {
		return err
	}
	s.metrics = metrics.New()
	s.house, err = openHouse(ctx, s.home, func(store finlatch.Store) (options finlatch.Options, err error) {
		options = s.settings.serviceOptions()
		options.Store, options.OnSignIn = s.metrics.Store(store), s.metrics.SignIn
		options.Log, options.ResetDir = s.log, string(s.dir)
		if s.upstream != nil {
			options.Upstream, options.ServerID, options.Strict = s.upstream, s.upstreamID, s.settings.Strict
		}
		options.Shared = s.database != ""
		options.SealKey, err = s.sealKey(ctx, store)
		return options, err
	})
	if err != nil {
		return err
	}
	settings, err := s.house.service.Settings(ctx)
	if err != nil {
		return err
	}
	if s.control, err = s.listenControl(s.dir); err != nil {
		return err
	}
	if s.listener, err = listen("listen", s.settings.Listen); err != nil {
		return err
	}
	if s.settings.MetricsListen != "" {
		if s.metering, err = listen("metrics-listen", s.settings.MetricsListen); err != nil {
			return err
		}
		s.log.Info("metrics are shown", "address", "http://"+s.metering.Addr().String()+"/metrics")
	}
	s.where = s.urls().of(s.listener.Addr())
	if s.upstream != nil {
		seen, err := s.examine(ctx)
		if err != nil {
			return err
		}
		s.unseen = !seen
	}
	s.announce(settings.SetupComplete)
	return nil
}

// close closes what open opened.
func (s *serving) close() error {
	if s.listener != nil {
		s.listener.Close()
	}
	if s.metering != nil {
		s.metering.Close()
	}
	if s.control != nil {
		s.control.Close()
	}
	if s.house != nil {
		return s.house.store.Close()
	}
	return nil
}

// alone refuses a data directory in which another server is reached. A database that is a file is refused by itself.
func (s *serving) alone(ctx context.Context) error {
	if s.database == "" {
		return nil
	}
	far, err := dialControl(ctx, s.dir)
	if errors.Is(err, errNoServer) {
		return nil
	}
	if err == nil {
		far.close()
	}
	return firstOf(err, failed("--data DIR gives each server that shares a database a directory of its own", "another finlatch runs on %s", s.dir))
}

func (s *serving) warnOfDataDir() {
	info, err := os.Stat(string(s.dir))
	if _, known := owner(info); err == nil && known && info.Mode().Perm()&0o022 != 0 {
		s.log.Warn("other users of this machine may change files in the data directory; chmod go-w keeps them out", "directory", s.dir)
	}
}

// api makes the server of the API with the pages around it, and the handler of the metrics.
func (s *serving) api() (api *server.Server, meter http.Handler, run func(context.Context), err error) {
	run = func(context.Context) {}
	paging := web.Options{Log: s.log, Version: programVersion(), TrustedProxies: s.settings.TrustedProxies.prefixes, HostNames: s.settings.HostNames,
		URL: string(s.settings.PagesURL), Address: string(s.settings.PublishedURL), BaseURL: string(s.settings.BaseURL)}
	var front *gateway.Gateway
	if s.upstream != nil {
		if front, err = s.frontOf(); err != nil {
			return nil, nil, nil, err
		}
		paging.MediaServer = behind{s.upstream, front}
	}
	pages, err := web.New(s.house.service, paging)
	if err != nil {
		return nil, nil, nil, err
	}
	meter = s.metrics.Handler(s.house.service, func() int { return api.Sockets() })
	options := server.Options{
		Log: s.log, TrustedProxies: s.settings.TrustedProxies.prefixes, HostNames: s.settings.HostNames,
		PublishedURL: string(s.settings.PublishedURL), BaseURL: string(s.settings.BaseURL), Port: s.port(), MachineName: machineName(),
		DataDir: string(s.dir), ClientLogDir: filepath.Join(string(s.dir), "client-logs"), WebDir: string(s.settings.WebDir),
		Observe: s.metrics.Request, Around: pages.Around,
	}
	if s.metering == nil {
		options.Metrics = meter
	}
	if front != nil {
		options.SignInOnly, options.Fallback, run = true, front, front.Run
	}
	return server.New(s.house.service, options), meter, run, nil
}

// machineName is what the server is called until it has a name.
func machineName() string {
	name, _ := os.Hostname()
	return name
}

func (s *serving) port() int {
	if addr, ok := s.listener.Addr().(*net.TCPAddr); ok {
		return addr.Port
	}
	return 0
}

// run answers requests until a signal ends it, or the listener or what it was to rely on fails.
func (s *serving) run(signals *signals) error {
	running, stopRunning := context.WithCancel(context.Background())
	var rules sync.WaitGroup
	rules.Go(func() { s.house.service.Run(running) })
	api, meter, forward, err := s.api()
	if err != nil {
		stopRunning()
		rules.Wait()
		return firstOf(err, s.close())
	}
	rules.Go(func() { api.Run(running) })
	rules.Go(func() { forward(running) })
	rules.Go(func() { s.discover(running) })

	public := newFront(api, s.log)
	public.RegisterOnShutdown(api.EndWaits)
	rules.Go(func() { s.meter(running, meter) })
	local := newControl(&local{house: s.house, url: s.url(), here: s.where[len(s.where)-1]}, s.log)
	ended := make(chan error, 3)
	if s.unseen {
		rules.Go(func() {
			if err := s.examineLater(running); err != nil {
				ended <- err
			}
		})
	}
	go func() { ended <- s.serveFront(public) }()
	go func() { ended <- local.Serve(s.control) }()

	var broken error
wait:
	for {
		select {
		case <-signals.reload:
			s.reload()
		case broken = <-ended:
			break wait
		case <-signals.stop.Done():
			break wait
		}
	}
	if broken == nil {
		s.log.Info("stopping")
	}

	last, cancel := context.WithTimeout(signals.now, endTime)
	defer cancel()
	grace, cancel := context.WithTimeout(last, graceTime)
	defer cancel()
	var servers sync.WaitGroup
	servers.Go(func() { s.cutOff(public.stop(grace)) })
	servers.Go(func() {
		if local.Shutdown(grace) != nil {
			local.Close()
		}
	})
	servers.Wait()

	closed := make(chan error, 1)
	go func() {
		stopRunning()
		rules.Wait()
		closed <- s.close()
	}()
	select {
	case err := <-closed:
		return firstOf(broken, err)
	case <-last.Done():
		return firstOf(broken, failed("", "stopped before everything was put away"))
	}
}

func (s *serving) serveFront(f *front) error {
	if s.certificate == nil {
		return f.Serve(s.listener)
	}
	f.TLSConfig = s.certificate.config()
	return f.ServeTLS(s.listener, "", "")
}

func (s *serving) cutOff(err error) {
	if err != nil {
		s.log.Warn("requests in progress were cut off", "after", graceTime)
	}
}

func (s *serving) reload() {
	if s.certificate == nil {
		s.log.Info("SIGHUP reads a certificate again, and this server has none")
		return
	}
	s.certificate.reload()
}
