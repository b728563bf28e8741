package finlatch

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"github.com/finlatch/finlatch/internal/password"
	"github.com/finlatch/finlatch/internal/throttle"
)

// Hasher hashes passwords. Its calls are the one expensive thing here and run behind the hash gate.
type Hasher interface {
	// Hash makes a PHC string.
	Hash(random io.Reader, password string) (string, error)
	// Verify tells whether a password is the one behind a PHC string.
	Verify(encoded, password string) (bool, error)
	// Waste costs what Verify costs for a hash made by Hash.
	Waste(password string)
	// NeedsRehash tells whether Hash would make another kind of PHC string today.
	NeedsRehash(encoded string) bool
}

type argon2id struct{}

func (argon2id) Hash(random io.Reader, pw string) (string, error) { return password.Hash(random, pw) }
func (argon2id) Verify(encoded, pw string) (bool, error)          { return password.Verify(encoded, pw) }
func (argon2id) Waste(pw string)                                  { password.Waste(pw) }
func (argon2id) NeedsRehash(encoded string) bool                  { return password.NeedsRehash(encoded) }

// PrivateNetworks are the addresses that count as local: this machine, private and link-local networks.
func PrivateNetworks() []netip.Prefix {
	var networks []netip.Prefix
	for _, text := range []string{"127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16",
		"::1/128", "fe80::/10", "fc00::/7"} {
		networks = append(networks, netip.MustParsePrefix(text))
	}
	return networks
}

// Options of a Service. Store is needed; the zero value of everything else works.
type Options struct {
	Store    Store
	Clock    func() time.Time // time.Now
	Random   io.Reader        // crypto/rand
	Hasher   Hasher           // argon2id with 19 MiB, two passes and one lane
	Log      *slog.Logger     // discards
	Location *time.Location   // time.Local; access schedules are in it

	LocalNetworks    []netip.Prefix // PrivateNetworks; while Settings.LocalNetworks is empty. Who is elsewhere needs Policy.EnableRemoteAccess
	SetupFrom        []netip.Prefix // LocalNetworks; who may set the server up
	PasswordlessFrom []netip.Prefix // LocalNetworks; who may sign in with an empty password

	// HashSlots is how many passwords are hashed at the same time; 0: as many as there are cores. An Upstream, which hashes
	// them itself, is asked about up to eight.
	HashSlots int
	// SignInThrottleOff counts no failed sign-ins, holds and refuses none, and lets any number of them wait for a hash for
	// any time; nor are requests for Quick Connect and wrong codes limited. For tests and benchmarks.
	SignInThrottleOff bool
	// QuickConnectLimit is how many requests for Quick Connect may be pending; 0: 10,000; below 0: any number.
	QuickConnectLimit int
	// QuickConnectApproval says for which requests an approval through the plain API is enough.
	QuickConnectApproval QuickConnectApproval
	// SealKey, 32 bytes, seals new API keys while they are readable in the list, and keys what is kept of failed sign-ins
	// and PINs. Empty: one that ends with the process, and these with it.
	SealKey []byte
	// ActivityLimit is how many refusals the activity log holds, and as many other entries; 0: 100,000; below 0: any number.
	ActivityLimit int
	// ResetDir is the folder for the PINs of forgotten passwords, each in a file of its own (0600). Empty: nobody gets one.
	ResetDir string
	// OnSignIn is told of every sign-in and what came of it. It is quick.
	OnSignIn func(SignInMethod, SignInOutcome)
	// Shared says that other processes use the Store, too, and that what they count of failed sign-ins counts here.
	Shared bool
	// Upstream, where there is one, vouches for users, passwords and tokens; see gateway.
	Upstream Upstream
	// ServerID is the Upstream's. Zero: one of its own.
	ServerID ID
	// Strict knows no tokens but those that were given here; else those that the Upstream has given before count, too.
	Strict bool
	// CacheSize is how many signed-in devices are kept in memory; 0: 100,000.
	CacheSize int
}

// Service is the rules. Its methods may be called from any number of goroutines.
type Service struct {
	options    Options
	store      Store
	log        *slog.Logger
	hashing    *gate
	seal       sealer
	memory     memory
	listeners  listeners
	touches    touches
	refusals   refusals
	throttling throttling
	sweeping   sweeping
	health     health
	resets     resets
	initiated  attempts[netip.Prefix] // requests for Quick Connect
	codes      attempts[ID]           // wrong codes, by user or API key
	drawing    chan struct{}          // has room for whoever makes a picture

	// With an Upstream only.
	adoption    adoption
	follow      follow
	ending      ending
	rechecks    flights[Hash, struct{}]
	redemptions flights[Hash, SignedIn]
	entering    turns[string] // by device id: upstream, the last token of a user's device ends the one before
}

// New makes a Service on a store and gives a new store its settings.
func New(ctx context.Context, options Options) (*Service, error) {
	if options.Store == nil {
		return nil, errors.New("finlatch.New: no store")
	}
	if options.Clock == nil {
		options.Clock = time.Now
	}
	if options.Random == nil {
		options.Random = rand.Reader
	}
	if options.Hasher == nil {
		options.Hasher = argon2id{}
	}
	if options.Log == nil {
		options.Log = slog.New(slog.DiscardHandler)
	}
	if options.Location == nil {
		options.Location = time.Local
	}
	if options.LocalNetworks == nil {
		options.LocalNetworks = PrivateNetworks()
	}
	if options.SetupFrom == nil {
		options.SetupFrom = options.LocalNetworks
	}
	if options.PasswordlessFrom == nil {
		options.PasswordlessFrom = options.LocalNetworks
	}
	if options.QuickConnectLimit == 0 {
		options.QuickConnectLimit = 10_000
	}
	if options.ActivityLimit == 0 {
		options.ActivityLimit = 100_000
	}
	if options.CacheSize == 0 {
		options.CacheSize = 100_000
	}
	if len(options.SealKey) == 0 {
		options.SealKey = make([]byte, sealKeySize)
		if _, err := io.ReadFull(options.Random, options.SealKey); err != nil {
			return nil, fmt.Errorf("make a key for sealing: %w", err)
		}
	}
	seal, err := newSealer(options.SealKey)
	if err != nil {
		return nil, err
	}
	s := &Service{options: options, log: options.Log, seal: seal, drawing: make(chan struct{}, 1), follow: follow{asking: make(chan struct{}, 1)}}
	s.store = attentive{options.Store, s}
	s.hashing = newGate(s.gateOptions())
	s.memory.init(options.CacheSize)
	s.sweeping.init()
	s.throttling.init(options.SealKey, options.SignInThrottleOff, options.Shared)
	s.initiated = attempts[netip.Prefix]{each: maxInitiated, window: time.Minute}
	s.codes = attempts[ID]{each: maxWrongCodes, window: 10 * time.Minute}
	s.resets.init(options.SealKey)
	s.adoption.init()
	s.ending.init()
	if err := s.ensureSettings(ctx); err != nil {
		return s, err
	}
	return s, s.loadFailures(ctx)
}

func (s *Service) gateOptions() gateOptions {
	o := gateOptions{Slots: s.options.HashSlots}
	if s.options.Upstream != nil {
		o.Slots = passwordSlots
	}
	if s.options.SignInThrottleOff {
		o.Queue, o.Patience = 1<<20, time.Hour
	}
	return o
}

func (s *Service) ensureSettings(ctx context.Context) error {
	id, err := newID(s.options.Random)
	if err != nil {
		return err
	}
	if s.options.Upstream != nil {
		return s.takeOver(ctx, newSettings(id))
	}
	return s.store.Update(ctx, func(tx Tx) error {
		_, err := tx.Settings(ctx)
		if !errors.Is(err, ErrNotFound) {
			return err
		}
		return tx.PutSettings(ctx, newSettings(id))
	})
}

// Now is the service's time in UTC, as fine as every store keeps it.
func (s *Service) Now() time.Time { return s.options.Clock().UTC().Truncate(time.Microsecond) }

// Run keeps the service's memory in step with the store and does what is due at times, until ctx ends. Without it
// nothing is remembered between requests, and neither last activity nor failed sign-ins are written.
func (s *Service) Run(ctx context.Context) {
	var wg sync.WaitGroup
	wg.Go(func() { s.watch(ctx) })
	wg.Go(func() { s.sweep(ctx) })
	wg.Go(func() { s.writeTouches(ctx) })
	wg.Go(func() { s.writeFailures(ctx) })
	if s.options.Upstream != nil {
		wg.Go(func() { s.attend(ctx) })
	}
	wg.Wait()
}

// local tells whether the caller comes from one of the networks, and is not merely forwarded from there by a stranger.
func (c Caller) local(networks []netip.Prefix) bool {
	if c.Operator {
		return true
	}
	if c.Forwarded || !c.Address.IsValid() {
		return false
	}
	address := c.Address.Unmap().WithZone("")
	for _, network := range networks {
		if network.Contains(address) {
			return true
		}
	}
	return false
}

// localNetworks are those that count as local: what an administrator has set, else what the program was started with.
func (s *Service) localNetworks(settings *Settings) []netip.Prefix {
	if len(settings.LocalNetworks) > 0 {
		return settings.LocalNetworks
	}
	return s.options.LocalNetworks
}

// local tells whether the caller is in a local network. This machine and the operator always are, whatever is set, so that
// nobody locks everybody out.
func (s *Service) local(settings *Settings, c Caller) bool {
	return c.thisMachine() || c.local(s.localNetworks(settings))
}

// mayCome tells whether the caller may be where it is, and use an account with the policy from there; nil for none.
func (s *Service) mayCome(settings *Settings, c Caller, policy *Policy) bool {
	return settings.RemoteAccess && (policy == nil || policy.EnableRemoteAccess) || s.local(settings, c)
}

// WhyNot is why the signed-in user may not use the account now, from there or on that device; nil for who may.
func (s *Service) WhyNot(ctx context.Context, c Caller) error {
	if c.User == nil {
		return nil
	}
	settings, err := s.Settings(ctx)
	if err != nil {
		return err
	}
	if c.Device != nil && !c.User.Policy.allowsDevice(c.Device.DeviceID) {
		return errDevice
	}
	return s.mayUse(settings, c, c.User)
}

// LocksOut tells whether a signed-in caller could not come back from where it is with these settings.
func (s *Service) LocksOut(settings *Settings, c Caller) bool {
	return c.User != nil && !s.mayCome(settings, c, &c.User.Policy)
}

// Place tells whether the caller is on this machine, and whether it is there or in a local network; for any signed-in user.
func (s *Service) Place(ctx context.Context, c Caller) (machine, network bool, err error) {
	if err := s.Allow(ctx, c, LevelUser); err != nil {
		return false, false, err
	}
	settings, err := s.Settings(ctx)
	if err != nil {
		return false, false, err
	}
	return c.thisMachine(), s.local(settings, c), nil
}

// network is what stands for an address where addresses are counted: an IPv4 address itself, an IPv6 address's /48,
// since whoever has one address of it has them all.
func network(address netip.Addr) netip.Prefix { return throttle.Networks(address)[0] }
