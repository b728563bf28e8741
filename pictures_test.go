package finlatch_test

import (
	"sync"
	"testing"

	"github.com/finlatch/finlatch"
)

func of(file []byte) func() ([]byte, error) { return func() ([]byte, error) { return file, nil } }

func TestUserPictures(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ann, ben := w.user("ann", "pw"), w.user("ben", "pw")
	w.user("eve", "pw", func(p *finlatch.Policy) { p.EnableUserPreferenceAccess = false })
	stranger, file := device("tv", away), pngOf(drawing(4, 4))
	for _, test := range []struct {
		name string
		err  error
		want finlatch.Kind
	}{
		{"a stranger sets", w.SetPicture(w.ctx, stranger, ann.ID, of(file)), finlatch.Unauthenticated},
		{"another user sets", w.SetPicture(w.ctx, w.as("ben", "pw"), ann.ID, of(file)), finlatch.Forbidden},
		{"another user deletes", w.DeletePicture(w.ctx, w.as("ben", "pw"), ann.ID), finlatch.Forbidden},
		{"who may not, the own one", w.SetPicture(w.ctx, w.as("eve", "pw"), finlatch.ID{}, of(file)), finlatch.Forbidden},
		{"nobody's", w.SetPicture(w.ctx, finlatch.Operator(), finlatch.ID{1}, of(file)), finlatch.NotFound},
		{"an operator who names nobody", w.SetPicture(w.ctx, finlatch.Operator(), finlatch.ID{}, of(file)), finlatch.Invalid},
		{"no picture", w.SetPicture(w.ctx, w.as("ann", "pw"), ann.ID, of([]byte("!!!"))), finlatch.Invalid},
		{"the splash screen by a user", w.SetSplashScreen(w.ctx, w.as("ann", "pw"), of(file)), finlatch.Forbidden},
		{"the splash screen away by a user", w.DeleteSplashScreen(w.ctx, w.as("ann", "pw")), finlatch.Forbidden},
	} {
		if test.err == nil || finlatch.KindOf(test.err) != test.want {
			t.Errorf("%s: got %v, want %v", test.name, test.err, test.want)
		}
	}
	unread := func() ([]byte, error) { t.Error("the file of somebody who may not is read"); return file, nil }
	w.wantKind(w.SetPicture(w.ctx, w.as("ben", "pw"), ann.ID, unread), finlatch.Forbidden)
	_, err := w.Picture(w.ctx, stranger, ann.ID)
	w.wantKind(err, finlatch.NotFound)
	_, err = w.Picture(w.ctx, stranger, finlatch.ID{})
	w.wantKind(err, finlatch.Invalid)

	if err := w.SetPicture(w.ctx, w.as("ann", "pw"), finlatch.ID{}, of(file)); err != nil {
		t.Fatal(err)
	}
	if err := w.SetPicture(w.ctx, finlatch.Operator(), ben.ID, of(pngOf(drawing(6, 4)))); err != nil {
		t.Fatal(err)
	}
	first, err := w.Picture(w.ctx, stranger, ann.ID)
	after, _ := w.UserByID(w.ctx, finlatch.Operator(), ann.ID)
	if err != nil || first.OwnerID != ann.ID || first.Tag == "" || after.ImageTag != first.Tag {
		t.Errorf("ann has the picture %q and the tag %q (%v)", first.Tag, after.ImageTag, err)
	}
	if err := w.SetPicture(w.ctx, w.as("ann", "pw"), ann.ID, of(pngOf(drawing(8, 4)))); err != nil {
		t.Fatal(err)
	}
	if second, err := w.Picture(w.ctx, w.as("ann", "pw"), finlatch.ID{}); err != nil || second.Tag == first.Tag {
		t.Errorf("the second picture has the tag of the first (%v)", err)
	}
	for range 2 {
		if err := w.DeletePicture(w.ctx, w.as("ann", "pw"), finlatch.ID{}); err != nil {
			t.Error(err)
		}
	}
	_, err = w.Picture(w.ctx, stranger, ann.ID)
	w.wantKind(err, finlatch.NotFound)
	if after, _ := w.UserByID(w.ctx, finlatch.Operator(), ann.ID); after.ImageTag != "" {
		t.Errorf("without a picture ann has the tag %q", after.ImageTag)
	}
	if _, err := w.Picture(w.ctx, stranger, ben.ID); err != nil {
		t.Errorf("ben's picture: %v", err)
	}
}

func TestTheSplashScreen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	stranger, admin := device("tv", away), w.as("admin", "admin-pw")
	_, err := w.SplashScreen(w.ctx, admin)
	w.wantKind(err, finlatch.NotFound)
	if err := w.SetSplashScreen(w.ctx, admin, of(pngOf(drawing(600, 300)))); err != nil {
		t.Fatal(err)
	}
	if splash, err := w.SplashScreen(w.ctx, admin); err != nil || !splash.OwnerID.IsZero() {
		t.Errorf("the administrator sees a splash screen of %v (%v)", splash.OwnerID, err)
	}
	_, err = w.SplashScreen(w.ctx, stranger)
	w.wantKind(err, finlatch.NotFound)
	_, err = w.Picture(w.ctx, stranger, finlatch.ID{})
	w.wantKind(err, finlatch.Invalid)
	err = w.store.Update(w.ctx, func(tx finlatch.Tx) error {
		settings, err := tx.Settings(w.ctx)
		if err != nil {
			return err
		}
		settings.Branding.SplashScreen = true
		return tx.PutSettings(w.ctx, settings)
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.SplashScreen(w.ctx, stranger); err != nil {
		t.Errorf("a stranger, where it is shown: %v", err)
	}
	for range 2 {
		if err := w.DeleteSplashScreen(w.ctx, admin); err != nil {
			t.Error(err)
		}
	}
	_, err = w.SplashScreen(w.ctx, stranger)
	w.wantKind(err, finlatch.NotFound)
}

// The row and the picture are changed together, so a name given meanwhile is not lost and the tag is the picture's.
func TestManyAtOnceLoseNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ann := w.user("ann", "pw")
	c := w.as("ann", "pw")
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			if err := w.SetPicture(w.ctx, c, ann.ID, of(pngOf(drawing(i+1, 2)))); err != nil {
				t.Error(err)
			}
		})
		all.Go(func() {
			configuration := finlatch.NewConfiguration()
			configuration.SubtitleMode = "Always"
			if err := w.SetConfiguration(w.ctx, c, ann.ID, configuration); err != nil {
				t.Error(err)
			}
		})
	}
	all.Go(func() {
		if err := w.Rename(w.ctx, finlatch.Operator(), ann.ID, "anna"); err != nil {
			t.Error(err)
		}
	})
	all.Wait()
	after, err := w.UserByID(w.ctx, finlatch.Operator(), ann.ID)
	if err != nil {
		t.Fatal(err)
	}
	picture, err := w.Picture(w.ctx, c, ann.ID)
	if err != nil || after.ImageTag != picture.Tag || after.Name != "anna" || after.Configuration.SubtitleMode != "Always" {
		t.Errorf("got %s with tag %s and mode %s, want anna with %s and Always (%v)", after.Name, after.ImageTag, after.Configuration.SubtitleMode, picture.Tag, err)
	}
}
