package discovery_test

import (
	"context"
	"fmt"
	"time"

	"github.com/finlatch/finlatch/discovery"
)

func ExampleFind() {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	for server, err := range discovery.Find(ctx) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(server.Name, server.Address)
	}
}
