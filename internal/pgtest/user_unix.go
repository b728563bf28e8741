//go:build unix

package pgtest

import (
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"syscall"
)

// other is who runs the server instead of root, for whom PostgreSQL does not run: Debian's user for it, or nobody.
func other() (uid, gid int, needed bool) {
	if os.Geteuid() != 0 {
		return 0, 0, false
	}
	for _, name := range []string{"postgres", "nobody"} {
		if found, err := user.Lookup(name); err == nil {
			uid, _ = strconv.Atoi(found.Uid)
			gid, _ = strconv.Atoi(found.Gid)
			return uid, gid, true
		}
	}
	return 65534, 65534, true
}

func giveAway(dir string) error {
	uid, gid, needed := other()
	if !needed {
		return nil
	}
	return os.Chown(dir, uid, gid)
}

func asOther(cmd *exec.Cmd) {
	if uid, gid, needed := other(); needed {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	}
}
