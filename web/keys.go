package web

import (
	"slices"

	"github.com/finlatch/finlatch"
)

// maxKeys is how many API keys the page lists.
const maxKeys = 50

func keysPages() []route {
	return []route{
		page("admin/keys", forAdministrators, showKeys),
		form("admin/keys", forAdministrators, createKey, showKeys),
		form("admin/keys/delete", forAdministrators, deleteKey, showKeys),
	}
}

// keys is what the page of API keys shows.
type keys struct {
	Keys []finlatch.APIKey // the newest first, without the keys themselves
	More int               // older ones
	Name string            // that somebody typed

	Made   string // the name of the key that was made just now
	Secret string // that key itself: no other answer ever has it
}

func showKeys(r *request) (answer, error) { return r.keys(keys{Name: r.PostFormValue("name")}) }

func (r *request) keys(data keys) (answer, error) {
	listed, err := r.service().APIKeys(r.context(), r.caller)
	if err != nil {
		return nil, err
	}
	for _, key := range slices.Backward(listed[max(0, len(listed)-maxKeys):]) {
		data.Keys = append(data.Keys, key.APIKey)
	}
	data.More = len(listed) - len(data.Keys)
	return view{name: "keys", title: "API keys", data: data}, nil
}

// createKey answers with the page itself: the key is nowhere that a browser could be led to.
func createKey(r *request) (answer, error) {
	key, secret, err := r.service().CreateAPIKey(r.context(), r.caller, r.PostFormValue("name"))
	if err != nil {
		return nil, err
	}
	return r.keys(keys{Made: key.Name, Secret: secret.Reveal()})
}

func deleteKey(r *request) (answer, error) {
	id, valid := finlatch.ParseID(r.PostFormValue("key"))
	if !valid {
		return nil, finlatch.ErrNotFound
	}
	return seeOther("admin/keys?done=key-deleted"), r.service().DeleteAPIKeyByID(r.context(), r.caller, id)
}
