package web

import (
	"net/http"
	"time"

	"github.com/finlatch/finlatch"
)

func overviewPages() []route { return []route{page("admin", forAdministrators, showOverview)} }

// overview is what administration's first page shows; nothing where the store does not serve.
type overview struct {
	finlatch.Overview
	Version string  // of the program
	Behind  *behind // nil: there is no media server behind
	Charts  []chart
}

func showOverview(r *request) (answer, error) {
	v := view{name: "overview", title: "Overview"}
	if err := r.service().Health(r.context()); err != nil {
		r.pages.options.Log.Warn("the store does not serve", "error", err)
		r.alert = "The database does not answer. The server's log says why."
		v.status, v.data = http.StatusServiceUnavailable, overview{}
		return v, nil
	}
	o, err := r.service().Overview(r.context(), r.caller)
	if err != nil {
		return nil, err
	}
	behind, err := r.behind()
	if err != nil {
		return nil, err
	}
	v.data = overview{Overview: o, Version: r.pages.options.Version, Behind: behind, Charts: []chart{signInChart(&o), pendingChart(&o)}}
	return v, nil
}

func signInChart(o *finlatch.Overview) chart {
	return newChart(chart{
		ID: "sign-ins", Heading: "Sign-ins and refusals", What: "Sign-ins and refusals in each of the last 24 hours",
		Nothing: "Nobody has signed in or been refused in the last 24 hours.",
		Series:  []series{{Name: "Sign-ins", Class: "good", Counts: o.SignIns}, {Name: "Refusals", Class: "bad", Counts: o.Refusals}},
	}, o.At, time.Hour, 6, "Mon 15:04")
}

func pendingChart(o *finlatch.Overview) chart {
	return newChart(chart{
		ID: "pending", Heading: "Waiting for approval", What: "Requests for Quick Connect that nobody has decided on, by the minute they were made in. To let one in, type its code under Approve",
		Nothing: "No device waits for approval. One that does shows six digits: type them under Approve.",
		Series:  []series{{Name: "Pending requests", Class: "good", Counts: o.Pending}},
	}, o.At, time.Minute, 3, "15:04")
}
