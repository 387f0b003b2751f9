package harness

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Flavor says whose command line a server has.
type Flavor int

const (
	// Haypile is the server under test.
	Haypile Flavor = iota
	// Redis is the reference.
	Redis
)

func (f Flavor) String() string {
	if f == Redis {
		return "redis"
	}
	return "haypile"
}

// Time limits of a server's life. A start may have to replay a log or open many tables on a loaded
// machine; a stop may have to flush.
const (
	StartTimeout = 60 * time.Second
	StopTimeout  = 60 * time.Second
)

// Options describe a server to start.
type Options struct {
	Flavor Flavor
	Name   string   // in directory names and messages; the flavor if empty
	Bin    string   // the binary; that of the flavor if empty
	Args   []string // parameters, as on the command line: "--appendfsync", "always"
	Config string   // what its configuration file begins with, which CONFIG REWRITE changes; no file if empty. Args go before it
	Dir    string   // parent of the server's directory; the system's temporary directory if empty
	Port   int      // 0: a free one
	// StartTimeout bounds the wait for the first PONG; [StartTimeout] if zero.
	StartTimeout time.Duration
}

// Server is a server process, or the place where one ran and can run again.
type Server struct {
	Port int
	// Dir holds the data ("data") and the output of the process ("log").
	Dir string

	opts    Options
	process *exec.Cmd
	exited  chan struct{} // closed when the process is gone; exitErr is set before
	exitErr error
}

// Launch starts a server and returns when it answers PING. On an error the directory is left for inspection, and named in the error.
func Launch(opts Options) (*Server, error) {
	if err := opts.complete(); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(opts.Dir, "haypile-test-"+opts.Name+"-")
	if err != nil {
		return nil, err
	}
	s := &Server{Dir: dir, opts: opts}
	if err := os.Mkdir(s.DataDir(), 0o755); err != nil {
		return nil, err
	}
	if opts.Config != "" {
		if err := os.WriteFile(s.ConfigPath(), []byte(opts.Config), 0o644); err != nil {
			return nil, err
		}
	}
	// A port that was free may be taken by another test before the server binds it: then try elsewhere.
	for attempt := 0; ; attempt++ {
		if s.Port = opts.Port; s.Port == 0 {
			if s.Port, err = FreePort(); err != nil {
				return nil, err
			}
		}
		if err = s.Start(); err == nil {
			return s, nil
		}
		if opts.Port != 0 || attempt == 4 || !strings.Contains(strings.ToLower(s.LogTail(50)), "address already in use") {
			return nil, err
		}
	}
}

func (o *Options) complete() error {
	var err error
	if o.Bin == "" && o.Flavor == Redis {
		o.Bin, err = exec.LookPath("redis-server")
	} else if o.Bin == "" {
		o.Bin, err = Bin()
	}
	if o.Name == "" {
		o.Name = o.Flavor.String()
	}
	if o.StartTimeout == 0 {
		o.StartTimeout = StartTimeout
	}
	return err
}

// Addr is where clients connect.
func (s *Server) Addr() string { return "127.0.0.1:" + strconv.Itoa(s.Port) }

// DataDir is what the server was given as --dir.
func (s *Server) DataDir() string { return filepath.Join(s.Dir, "data") }

// ConfigPath is the configuration file, if the server has one.
func (s *Server) ConfigPath() string { return filepath.Join(s.Dir, "config") }

// LogPath is the file with everything the process wrote, over all its starts.
func (s *Server) LogPath() string { return filepath.Join(s.Dir, "log") }

// Pid is the process number of the server, or 0 when none runs.
func (s *Server) Pid() int {
	if !s.Alive() {
		return 0
	}
	return s.process.Process.Pid
}

// Alive reports whether the process runs.
func (s *Server) Alive() bool {
	if s.exited == nil {
		return false
	}
	select {
	case <-s.exited:
		return false
	default:
		return true
	}
}

// Exited is closed when the process that was last started is gone.
func (s *Server) Exited() <-chan struct{} { return s.exited }

// Start runs the server on the data it has, on its port, and returns when it answers PING.
func (s *Server) Start() error {
	if err := s.StartOnly(); err != nil {
		return err
	}
	if err := s.WaitReady(); err != nil {
		_ = s.Kill()
		return fmt.Errorf("%s did not start (%s): %w\n%s", s.opts.Name, s.Dir, err, s.LogTail(30))
	}
	return nil
}

// StartOnly runs the process and returns at once.
func (s *Server) StartOnly() error {
	if s.Alive() {
		return fmt.Errorf("%s runs already", s.opts.Name)
	}
	log, err := os.OpenFile(s.LogPath(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	process := exec.Command(s.opts.Bin, s.commandLine()...)
	process.Dir = s.DataDir()
	process.Stdout, process.Stderr = log, log
	// The C locale makes Redis's SORT ALPHA compare bytes.
	process.Env = append(os.Environ(), "LC_ALL=C")
	process.SysProcAttr = dieWithParent()
	fmt.Fprintf(log, "--- %s: %s\n", time.Now().Format(time.RFC3339Nano), strings.Join(process.Args, " "))
	if err := process.Start(); err != nil {
		return err
	}
	s.process, s.exited = process, make(chan struct{})
	go func(exited chan struct{}) {
		s.exitErr = process.Wait()
		close(exited)
	}(s.exited)
	return nil
}

func (s *Server) commandLine() []string {
	place := []string{"--port", strconv.Itoa(s.Port), "--dir", s.DataDir()}
	if s.opts.Config != "" {
		place = append([]string{s.ConfigPath()}, place...)
	}
	everywhere := strings.Fields(os.Getenv("HAYPILE_ARGS"))
	if isRedis(s.opts.Bin) {
		args := append(place, "--save", "", "--bind", "127.0.0.1")
		if s.opts.Flavor == Haypile {
			// As a stand-in Redis must keep what it acknowledges, and refuses parameters it does not know.
			return slices.Concat(args, []string{"--appendonly", "yes"}, everywhere, redisParameters(s.opts.Args))
		}
		return append(args, s.opts.Args...)
	}
	return slices.Concat([]string{"server"}, place, everywhere, s.opts.Args)
}

// redisParameters leaves out what only Haypile knows.
func redisParameters(args []string) []string {
	var known []string
	skipping := false
	for _, a := range args {
		if strings.HasPrefix(a, "--") {
			skipping = a == "--memory-budget" || strings.HasPrefix(a, "--binlog-") || strings.HasPrefix(a, "--set-max-listpack-")
		}
		if !skipping {
			known = append(known, a)
		}
	}
	return known
}

// WaitReady returns when the server answers PING, with the password of its arguments if it asks for one (with another
// one nothing says that it has loaded its data), or with the reason why it won't.
func (s *Server) WaitReady() error {
	deadline := time.Now().Add(s.opts.StartTimeout)
	// Nothing outside the process announces that it listens, so it is asked, often at first, as most starts are quick.
	wait := time.Millisecond
	for {
		if ping(s.Addr(), s.password()) {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("no answer to PING within %v", s.opts.StartTimeout)
		}
		select {
		case <-s.exited:
			return fmt.Errorf("the process ended: %v", s.exitErr)
		case <-time.After(wait):
		}
		wait = min(wait*2, 20*time.Millisecond)
	}
}

// password is the value of --requirepass, "" if there is none.
func (s *Server) password() string {
	if i := slices.Index(s.opts.Args, "--requirepass"); i >= 0 && i+1 < len(s.opts.Args) {
		return s.opts.Args[i+1]
	}
	return ""
}

func ping(addr, password string) bool {
	c, err := Dial(addr)
	if err != nil {
		return false
	}
	defer c.Close()
	c.Timeout = time.Second
	if password != "" {
		if r, err := c.Do("AUTH", password); err != nil || r.IsError() {
			return false
		}
	}
	r, err := c.Do("PING")
	return err == nil && (r.Str == "PONG" || strings.HasPrefix(r.Str, "NOAUTH"))
}

// Kill ends the process as kill -9 does, and waits until it is gone.
func (s *Server) Kill() error {
	if !s.Alive() {
		return nil
	}
	if err := s.process.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	<-s.exited
	return nil
}

// Stop ends the server cleanly (SIGTERM) and fails if it takes too long or reports an error.
func (s *Server) Stop() error {
	if !s.Alive() {
		return nil
	}
	if err := s.process.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), StopTimeout)
	defer cancel()
	select {
	case <-s.exited:
		return s.exitErr
	case <-ctx.Done():
		_ = s.Kill()
		return fmt.Errorf("%s did not stop within %v of SIGTERM and was killed", s.opts.Name, StopTimeout)
	}
}

// SetArgs replaces the parameters for the next start.
func (s *Server) SetArgs(args []string) { s.opts.Args = args }

// Remove stops the server and deletes its directory.
func (s *Server) Remove() error {
	_ = s.Kill()
	return os.RemoveAll(s.Dir)
}

// LogTail is the end of what the process wrote.
func (s *Server) LogTail(lines int) string {
	data, err := os.ReadFile(s.LogPath())
	if err != nil {
		return err.Error()
	}
	all := strings.Split(strings.TrimRight(string(data), "\n"), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}
