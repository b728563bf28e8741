package takeover

import (
	"context"
	"errors"
	"os"
	"strings"
	"time"

	"github.com/finlatch/finlatch"
)

// readPictures decodes the users' pictures and the splash screen, one at a time, and keeps what was made of them anew.
func (r *reader) readPictures(ctx context.Context) error {
	type file struct {
		owner finlatch.ID
		path  string
		at    time.Time
	}
	var files []file
	seen := map[finlatch.ID]bool{}
	err := r.each(ctx, "ImageInfos", func(row *row) {
		if user := r.owner(row); user != nil && !seen[user.ID] {
			seen[user.ID] = true
			files = append(files, file{user.ID, row.text("Path"), row.time("LastModified")})
		}
	})
	if err != nil {
		return err
	}
	if r.splash != "" {
		files = append(files, file{path: r.splash})
	}
	for _, f := range files {
		if err := ctx.Err(); err != nil {
			return err
		}
		whose := "the splash screen"
		i, ok := r.users[f.owner]
		if ok {
			whose = "the picture of " + r.into.Users[i].Name
		}
		content, err := r.findFile(f.path, finlatch.MaxPicture)
		var picture finlatch.Picture
		if err == nil {
			picture, err = finlatch.NewPicture(f.owner, content, f.at)
		}
		if err != nil {
			r.note("%s: %s", whose, plain(err.Error(), maxName))
			continue
		}
		if ok {
			r.into.Users[i].ImageTag = picture.Tag
		}
		r.into.Pictures = append(r.into.Pictures, picture)
	}
	return nil
}

var errNoFile = errors.New("the file is not there")

// findFile reads a file that the database knows by its path on the machine that it comes from: the one in the folders that has
// most of the path's end.
func (r *reader) findFile(path string, limit int64) ([]byte, error) {
	if !strings.Contains(path, "/") {
		path = strings.ReplaceAll(path, `\`, "/") // Windows
	}
	parts := strings.Split(path, "/")
	for first := max(0, len(parts)-16); first < len(parts)-1; first++ {
		tail := strings.Join(parts[first:], "/")
		for _, root := range []*os.Root{r.config, r.data} {
			content, err := readFile(root, tail, limit)
			if err == nil {
				return content, nil
			}
			if _, there := root.Stat(tail); there == nil {
				return nil, err
			}
		}
	}
	return nil, errNoFile
}
