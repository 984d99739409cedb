package mailin

import (
	"net"
	"syscall"
)

// peerUID is the user at the other end of a unix socket, as the kernel says.
func peerUID(c net.Conn) (uid int, known bool) {
	socket, ok := c.(*net.UnixConn)
	if !ok {
		return 0, false
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		return 0, false
	}
	err = raw.Control(func(fd uintptr) {
		if peer, err := syscall.GetsockoptUcred(int(fd), syscall.SOL_SOCKET, syscall.SO_PEERCRED); err == nil {
			uid, known = int(peer.Uid), true
		}
	})
	return uid, known && err == nil
}
