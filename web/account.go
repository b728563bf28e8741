package web

import (
	"encoding/base64"
	"errors"
	"html/template"
	"io"
	"net/http"
	"strings"

	"github.com/finlatch/finlatch"
)

// picturePath is where a form sends a picture, which may be larger than other forms.
const picturePath = "account/picture"

var (
	errNoPassword = &finlatch.Error{Kind: finlatch.Invalid, Msg: "The new password must not be empty."}
	errCurrent    = &finlatch.Error{Kind: finlatch.Forbidden, Msg: "Your current password is not right."}
	errNoPicture  = &finlatch.Error{Kind: finlatch.Invalid, Msg: "Choose a picture first."}
)

func accountPages() []route {
	return []route{
		page("account", forUsers, showAccount),
		form("account/name", forUsers, unlessBehind(changeName), showAccount),
		form("account/password", forUsers, unlessBehind(changePassword), showAccount),
		form(picturePath, forUsers, unlessBehind(setPicture), showAccount),
		form("account/picture/remove", forUsers, unlessBehind(removePicture), showAccount),
	}
}

// account is what the page of somebody's account shows.
type account struct {
	Name        string // as it was typed
	MayChange   bool   // name, password and picture
	HasPassword bool
	Picture     template.URL // the picture itself, small; empty: none
}

func showAccount(r *request) (answer, error) {
	user, err := r.service().UserByID(r.context(), r.caller, r.caller.UserID())
	if err != nil {
		return nil, err
	}
	data := account{Name: user.Name, MayChange: user.Policy.EnableUserPreferenceAccess || r.caller.Administrator(), HasPassword: user.HasPassword()}
	if r.PostForm.Has("name") {
		data.Name = r.echoed("name")
	}
	if user.ImageTag != "" {
		picture, err := r.service().Picture(r.context(), r.caller, user.ID)
		if err == nil {
			picture, err = picture.Thumbnail()
		}
		if err == nil {
			data.Picture = template.URL("data:" + picture.Type + ";base64," + base64.StdEncoding.EncodeToString(picture.Data))
		} else if !errors.Is(err, finlatch.ErrNotFound) {
			return nil, err
		}
	}
	return view{name: "account", title: "My account", data: data}, nil
}

func changeName(r *request) (answer, error) {
	return seeOther("account?done=name"), r.service().Rename(r.context(), r.caller, r.caller.UserID(), strings.TrimSpace(r.PostFormValue("name")))
}

func changePassword(r *request) (answer, error) {
	change := finlatch.PasswordChange{Current: r.PostFormValue("current"), New: r.PostFormValue("new")}
	switch {
	case change.New == "":
		return nil, errNoPassword
	case change.New != r.PostFormValue("again"):
		return nil, errUnequal
	}
	err := r.service().ChangePassword(r.context(), r.caller, r.caller.UserID(), change)
	if finlatch.WrongCurrent(err) {
		err = errCurrent
	}
	return seeOther("account?done=password"), err
}

func setPicture(r *request) (answer, error) {
	err := r.service().SetPicture(r.context(), r.caller, r.caller.UserID(), func() ([]byte, error) {
		file, _, err := r.FormFile("picture")
		if errors.Is(err, http.ErrMissingFile) || errors.Is(err, http.ErrNotMultipart) {
			return nil, errNoPicture
		}
		if err != nil {
			return nil, err
		}
		defer file.Close()
		return io.ReadAll(file)
	})
	return seeOther("account?done=picture"), err
}

func removePicture(r *request) (answer, error) {
	return seeOther("account?done=picture-gone"), r.service().DeletePicture(r.context(), r.caller, r.caller.UserID())
}
