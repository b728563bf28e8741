package gateway

import "context"

// WithKey makes a call with the administrator's key, as no method does for this one.
func (c *Client) WithKey(ctx context.Context, methodAndPath string) error {
	_, err := c.asAdministrator(ctx, question{call: call(methodAndPath)})
	return err
}

// Announced asks who listens at a UDP address for servers.
var Announced = announced
