package gateway_test

import (
	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/gateway"
)

var _ gateway.Service = (*finlatch.Service)(nil)
