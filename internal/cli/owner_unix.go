//go:build unix

package cli

import (
	"io/fs"
	"syscall"
)

// owner is the user id that owns a file.
func owner(info fs.FileInfo) (uid int, known bool) {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, false
	}
	return int(stat.Uid), true
}

// keepToOwner makes every file that this process creates from now on readable by its owner alone.
func keepToOwner() { syscall.Umask(0o077) }
