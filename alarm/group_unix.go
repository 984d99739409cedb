//go:build unix

package alarm

import (
	"os/exec"
	"syscall"
)

// ownGroup puts a command into a process group of its own, which is killed as
// a whole when its time is up.
func ownGroup(run *exec.Cmd) {
	run.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	run.Cancel = func() error { return syscall.Kill(-run.Process.Pid, syscall.SIGKILL) }
}
