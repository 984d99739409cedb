package mailin

import (
	"errors"

	"github.com/emersion/go-sasl"
)

// mostPasswords is how often a client may be wrong on one connection.
const mostPasswords = 3

// AuthMechanisms are those on offer: none where a password would be readable
// on its way.
func (s *submitSession) AuthMechanisms() []string {
	var on []string
	if s.certified != "" {
		on = []string{sasl.External}
	}
	if s.secure && s.b.s.Login != nil {
		on = append(on, sasl.Plain, sasl.Login)
	}
	return on
}

// Auth begins one attempt (RFC 4954).
func (s *submitSession) Auth(mechanism string) (sasl.Server, error) {
	switch {
	case mechanism == sasl.External && s.certified != "":
		return sasl.NewExternalServer(func(identity string) error {
			if identity != "" && identity != s.certified {
				return reply(535, 5, 7, 8, "Nobody may act for another user here")
			}
			return s.is(s.certified)
		}), nil
	case !s.secure:
		return nil, reply(538, 5, 7, 11, "Encryption required for authentication: issue STARTTLS first")
	case s.b.s.Login == nil:
		return nil, reply(502, 5, 7, 0, "No users are configured")
	case mechanism == sasl.Plain:
		return sasl.NewPlainServer(func(identity, name, password string) error {
			if identity != "" && identity != name {
				return reply(535, 5, 7, 8, "Nobody may act for another user here")
			}
			return s.login(name, password)
		}), nil
	case mechanism == sasl.Login:
		return &loginServer{login: s.login}, nil
	}
	return nil, reply(504, 5, 7, 4, "Use PLAIN or LOGIN")
}

// login makes the client known, or ends the connection after too many wrong
// passwords.
func (s *submitSession) login(name, password string) error {
	if s.failed < mostPasswords && s.b.s.Login(name, password) {
		return s.is(name)
	}
	s.failed++
	s.b.l.Log.Warn("wrong user or password", "attempt", s.failed, "client", s.peer())
	if s.failed >= mostPasswords && s.conn != nil {
		s.conn.over()
	}
	return reply(535, 5, 7, 8, "Authentication failed")
}

// is makes the client known as a user.
func (s *submitSession) is(name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.user = name
	return nil
}

func (s *submitSession) peer() string {
	if s.conn == nil {
		return ""
	}
	return s.conn.RemoteAddr().String()
}

// loginServer is the mechanism LOGIN (draft-murchison-sasl-login), which old
// programs know alone: the name is asked for, then the password.
type loginServer struct {
	login func(name, password string) error
	asked int
	name  string
}

// Next takes one answer of the client and asks the next question.
func (l *loginServer) Next(response []byte) (challenge []byte, done bool, err error) {
	if response != nil && l.asked == 0 { // name as the initial response
		l.asked = 1
	}
	l.asked++
	switch l.asked {
	case 1:
		return []byte("Username:"), false, nil
	case 2:
		l.name = string(response)
		return []byte("Password:"), false, nil
	case 3:
		return nil, true, l.login(l.name, string(response))
	}
	return nil, false, errors.New("answer after the end of the exchange")
}
