package web

import (
	"strings"

	"github.com/finlatch/finlatch"
)

var errUnequal = &finlatch.Error{Kind: finlatch.Invalid, Msg: "The two passwords are not the same."}

// settingUp is what the page of the first run shows.
type settingUp struct {
	Server, Name string
	Unequal      bool // the two passwords
}

func showSetup(r *request) (answer, error) {
	if r.settings.SetupComplete {
		return seeOther("sign-in"), nil
	}
	if err := r.service().Allow(r.context(), r.caller, finlatch.LevelSetupOrAdmin); err != nil {
		return nil, err
	}
	return view{name: "setup", title: "Set up this server", data: settingUp{r.echoed("server"), r.echoed("username"), r.alert == errUnequal.Msg}}, nil
}

// setUp does the whole first run, and signs the administrator in.
func setUp(r *request) (answer, error) {
	name, password := strings.TrimSpace(r.PostFormValue("username")), r.PostFormValue("password")
	if password != r.PostFormValue("again") {
		return nil, errUnequal
	}
	if err := r.service().SetUp(r.context(), r.caller, r.PostFormValue("server"), name, password); err != nil {
		return nil, err
	}
	if err := r.enter(name, password); err != nil {
		return nil, err
	}
	return seeOther("link?done=set-up"), nil
}
