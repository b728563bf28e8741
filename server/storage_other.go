//go:build !linux && !darwin

package server

// diskSpace knows nothing of the disk here.
func diskSpace(string) (free, used int64, ok bool) { return 0, 0, false }
