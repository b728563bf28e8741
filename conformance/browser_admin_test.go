package conformance_test

import (
	"image"
	"image/png"
	"os"
	"path/filepath"
	"testing"
)

// administer uses every control of administration's pages.
func administer(t *testing.T, s *server, b *tab) {
	b.signIn(t, "anna")
	b.open(t, "/finlatch/admin/users")
	b.fill(t, "Search", "kid")
	b.click(t, "Search")
	b.seesNot(t, "ben")
	b.click(t, "kids")
	b.heading(t, "kids")
	b.fill(t, "User name", "Children")
	b.click(t, "Rename")
	b.sees(t, "The user has its new name.")
	b.fill(t, "New password", "secret")
	b.click(t, "Set the password")
	b.sees(t, "The password is set.")
	b.click(t, "Remove the password")
	b.sees(t, "The user has no password any more.")
	b.click(t, "Disable")
	b.sees(t, "The user is disabled")
	b.click(t, "Enable")
	b.sees(t, "The user is enabled.")
	b.click(t, "Unlock")
	b.sees(t, "The failed sign-ins are forgotten.")
	b.fill(t, "Devices at once", "3")
	b.press(t, "Add times")
	b.choose(t, "Day of time 1", "Weekday")
	b.fill(t, "From, time 1", "7:00")
	b.fill(t, "To, time 1", "21.5")
	b.click(t, "Save the policy")
	b.sees(t, "The policy is saved.")
	b.click(t, "Sign out everywhere")
	b.sees(t, "All devices of the user are signed out.")
	b.fill(t, "Name of the user", "Children")
	b.click(t, "Delete the user")
	b.sees(t, "The user is deleted.")
	b.seesNot(t, "Children")

	d := inUse(t, s, "Kitchen telly", "ben")
	b.open(t, "/finlatch/admin/devices")
	b.click(t, "Sign out Kitchen telly of ben")
	b.heading(t, "Devices")
	b.seesNot(t, "Kitchen telly")
	d.is(t, "401")

	b.open(t, "/finlatch/admin/keys")
	b.fill(t, "Name", "robot")
	b.click(t, "Create the key")
	b.sees(t, "It is shown only now.")
	b.open(t, "/finlatch/admin/keys")
	b.click(t, "Delete robot")
	b.sees(t, "The key is deleted.")

	b.open(t, "/finlatch/admin/activity")
	b.fill(t, "Text", "robot")
	b.choose(t, "Kind", "API key deleted")
	b.click(t, "Filter")
	b.sees(t, "API key robot has been deleted")
	b.seesNot(t, "API key robot has been created")

	b.open(t, "/finlatch/admin/settings")
	b.fill(t, "Server name", "Attic")
	b.click(t, "Save")
	b.sees(t, "The settings are saved.", "Attic")
}

// ownThings uses every control of somebody's own pages.
func ownThings(t *testing.T, s *server, b *tab) {
	b.signIn(t, "ben")
	d := inUse(t, s, "Kitchen telly", "ben")
	b.open(t, "/finlatch/devices")
	b.press(t, "Rename Kitchen telly")
	b.fill(t, "Name", "Telly by the oven")
	b.click(t, "Save the name of Kitchen telly")
	b.sees(t, "The device has its name.", "Telly by the oven")
	d.is(t, "ben")

	b.open(t, "/finlatch/account")
	b.fill(t, "User name", "Benjamin")
	b.click(t, "Rename")
	b.sees(t, "This is your name now.", "Benjamin")
	d.is(t, "Benjamin")
	file := filepath.Join(t.TempDir(), "face.png")
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := png.Encode(f, image.NewGray(image.Rect(0, 0, 40, 40))); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	b.attach(t, "A new one", file)
	b.click(t, "Use this picture")
	b.sees(t, "This is your picture now.")
	b.click(t, "Remove the picture")
	b.sees(t, "You have no picture any more.")
	b.fill(t, "Current password", passwordOf("ben"))
	b.fill(t, "New password", "another one")
	b.fill(t, "New password again", "another one")
	b.click(t, "Change the password")
	b.sees(t, "Your password is changed.")
	d.is(t, "401")
	b.click(t, "Sign out")
	b.heading(t, "Sign in")
	b.sees(t, "You are signed out.")
}
