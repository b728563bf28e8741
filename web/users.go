package web

import (
	"net/url"
	"strings"

	"github.com/finlatch/finlatch"
)

// maxUsers is how many users a page lists.
const maxUsers = 100

var errAdministratorsPassword = &finlatch.Error{Kind: finlatch.Invalid, Msg: "An administrator needs a password."}

func usersPages() []route {
	return []route{
		page("admin/users", forAdministrators, showUsers), form("admin/users", forAdministrators, unlessBehind(createUser), showUsers),
		page("admin/users/{id}", forAdministrators, showUser),
		form("admin/users/{id}/rename", forAdministrators, unlessBehind(renameUser), showUser),
		form("admin/users/{id}/disable", forAdministrators, unlessBehind(disableUser), showUser),
		form("admin/users/{id}/enable", forAdministrators, unlessBehind(enableUser), showUser),
		form("admin/users/{id}/unlock", forAdministrators, unlockUser, showUser),
		form("admin/users/{id}/password", forAdministrators, unlessBehind(setUserPassword), showUser),
		form("admin/users/{id}/password/remove", forAdministrators, unlessBehind(removeUserPassword), showUser),
		form("admin/users/{id}/policy", forAdministrators, unlessBehind(changeUserPolicy), showUser),
		form("admin/users/{id}/sign-out", forAdministrators, signOutUserDevice, showUser),
		form("admin/users/{id}/sign-out-everywhere", forAdministrators, signOutUser, showUser),
		form("admin/users/{id}/delete", forAdministrators, unlessBehind(deleteUser), showUser),
		page("admin/devices", forAdministrators, showAllDevices),
		form("admin/devices/sign-out", forAdministrators, signOutAnyDevice, showAllDevices),
	}
}

// userList is what the page of all users shows.
type userList struct {
	Search string
	Users  []finlatch.User
	More   bool // than are shown
	// what was typed for a user who was not created
	Name          string
	Administrator bool
}

func showUsers(r *request) (answer, error) {
	search := strings.TrimSpace(r.URL.Query().Get("q"))
	users, err := r.service().Users(r.context(), r.caller, finlatch.UserFilter{NamePart: finlatch.NormalizeName(search), Limit: maxUsers + 1})
	if err != nil {
		return nil, err
	}
	data := userList{Search: search, Users: users[:min(len(users), maxUsers)], More: len(users) > maxUsers,
		Name: r.echoed("username"), Administrator: r.PostFormValue("administrator") != ""}
	return view{name: "users", title: "Users", data: data}, nil
}

func createUser(r *request) (answer, error) {
	password, administrator := r.PostFormValue("password"), r.PostFormValue("administrator") != ""
	if administrator && password == "" {
		return nil, errAdministratorsPassword
	}
	user, err := r.service().CreateUser(r.context(), r.caller, strings.TrimSpace(r.PostFormValue("username")), password, administrator)
	return userPage(user.ID, "user-created"), err
}

// userPage leads to a user's page, which says what was done.
func userPage(id finlatch.ID, done string) seeOther {
	return seeOther("admin/users/" + id.String() + "?" + url.Values{"done": {done}}.Encode())
}
