package web

// Route is a row of the table, for the tests that want something for each.
type Route struct {
	Method, Path string // below /finlatch/
	For          string // anybody, users, administrators or setup
}

// Routes lists the table of the pages.
func Routes() (all []Route) {
	names := map[access]string{forAnybody: "anybody", forUsers: "users", forAdministrators: "administrators", forSetup: "setup"}
	for _, r := range routes() {
		all = append(all, Route{r.method, r.path, names[r.access]})
	}
	return all
}
