package finlatch

// Session is what a device is doing now: a signed-in device that was lately active. It is derived from the device, so
// it outlives a restart.
type Session struct {
	Device   Device
	UserName string
}
