package server

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/haypile/haypile/internal/client"
	"github.com/haypile/haypile/internal/command"
	"github.com/haypile/haypile/internal/resp"
)

// Service is what a port is dedicated to.
type Service struct {
	Name  string // as replicas ask for it: REPLSTREAM Name
	Words string // for people
}

// SetServices says which ports are dedicated to a service: who connects there gets that service and no other. It returns what it was.
func (s *Server) SetServices(services map[int]Service) (before map[int]Service) {
	if old := s.services.Swap(&services); old != nil {
		before = *old
	}
	return before
}

func (s *Server) service(port int) Service {
	if services := s.services.Load(); services != nil {
		return (*services)[port]
	}
	return Service{}
}

// servicePort is the port at the end of an address.
func servicePort(laddr string) int {
	port, _ := strconv.Atoi(laddr[strings.LastIndexByte(laddr, ':')+1:])
	return port
}

// serviceInput bounds what a connection to a dedicated port may have unread: what is asked for there is short.
const serviceInput = 128 << 10

// serviceRefuses is the gate of a dedicated port: who comes there may log in and ask for the service, and nothing else.
func (s *Server) serviceRefuses(cl *client.Client, row *command.Row, args [][]byte) string {
	if row != nil {
		switch row.Name {
		case "auth", "hello", "ping", "quit":
			return ""
		case "replstream":
			if len(args) == 2 && strings.EqualFold(string(args[1]), cl.Service) {
				return ""
			}
		}
	}
	cl.CloseAfter = true
	name := string(clip(args[0]))
	s.strange("a command that is not for this port", cl, fmt.Sprintf("%.40q", name))
	v := s.cfg.Load()
	clients := fmt.Sprintf("port %d", v.Port)
	if v.Port == 0 {
		clients = fmt.Sprintf("tls-port %d", v.TLSPort)
	}
	return fmt.Sprintf("ERR this port serves %s to replicas only; clients connect to %s", s.service(servicePort(cl.LAddr)).Words, clients)
}

// strange logs what somebody did who is no client and no replica: once a minute.
func (s *Server) strange(what string, cl *client.Client, reason string) {
	ok, held := s.strangers.Now()
	if !ok {
		return
	}
	s.log.Warn("a connection was refused: "+what, "client", cl.Addr, "at", cl.LAddr, "reason", reason, "not_logged_before", held)
}

// ofHTTP recognizes the lines by which a request of HTTP gives itself away before its body. A web page can make a
// browser send one to any address that the browser reaches, and put commands into the body.
func ofHTTP(word []byte) bool {
	return len(word) <= len("host:") && (strings.EqualFold(string(word), "post") || strings.EqualFold(string(word), "host:"))
}

// crossProtocol logs that a connection is closed for it: once a minute.
func (s *Server) crossProtocol(cl *client.Client, word []byte) {
	s.stats.ProtocolErrors.Add(1)
	if ok, held := s.attacks.Now(); ok {
		s.log.Warn("possible SECURITY ATTACK: a client speaks HTTP (POST, Host:); a web page may be trying to have a browser "+
			"send commands here (cross-protocol scripting). The connection is closed, nothing behind the line was executed. "+
			"Protect the server with a password and bind", "client", cl.Addr, "at", cl.LAddr, "word", string(word), "not_logged_before", held)
	}
}

// limitsFor are tight for who has not logged in, and at dedicated ports.
func (s *Server) limitsFor(cl *client.Client) *resp.Limits {
	if cl.Authenticated && cl.Service == "" {
		return s.lim.Load()
	}
	return s.stranger.Load()
}

// inputLimit is how much a connection may have sent that is not executed yet.
func (s *Server) inputLimit(cl *client.Client) int64 {
	limit := int64(s.cfg.Load().QueryBufferLimit)
	if cl.Service != "" {
		limit = min(limit, serviceInput)
	}
	return limit
}

// hurry ends a connection to a dedicated port that has not asked for the service within repl-timeout.
func (s *session) hurry() {
	if s.cl.Service == "" {
		return
	}
	s.late = time.AfterFunc(s.srv.cfg.Load().ReplTimeout, func() {
		s.post(func() {
			if s.taken.Load() == nil && !s.closed {
				s.srv.strange("it has not asked for the service within repl-timeout", s.cl, "")
				s.shut()
			}
		})
	})
}
