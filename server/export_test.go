package server

// Routes lists the route table, for the test that wants a line for each.
func Routes() []string {
	var all []string
	for _, route := range new(Server).routes() {
		all = append(all, route.method+" "+route.pattern)
	}
	return all
}
