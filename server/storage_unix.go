//go:build linux || darwin

package server

import "syscall"

// diskSpace is how much of a folder's disk is free for this process, and in use, in bytes.
func diskSpace(folder string) (free, used int64, ok bool) {
	var disk syscall.Statfs_t
	if err := syscall.Statfs(folder, &disk); err != nil {
		return 0, 0, false
	}
	block := int64(disk.Bsize)
	return int64(disk.Bavail) * block, int64(disk.Blocks-disk.Bfree) * block, true
}
