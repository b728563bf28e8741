package web

import (
	"fmt"
	"math"
	"strconv"
	"time"
)

// Measures of a chart, in the units of the viewBox of its template. It is drawn a little larger or smaller, from a phone to a
// wide window.
const (
	chartLeft, chartRight = 34.0, 336.0 // of the bars
	chartTop, chartBottom = 10.0, 146.0
	chartGap              = 0.2 // of the room for a span of time, between its bars and the next ones
	chartLeast            = 2.0 // height of a bar that stands for something
	chartLetter           = 4.0 // from the middle of a letter down to its foot
)

// chart is numbers over time as a picture: bars side by side for each span of time. The template draws it, and shows the
// same numbers as a table.
type chart struct {
	ID, Heading string
	What        string // what the numbers are
	Nothing     string // what is said instead where all are 0
	Series      []series
	Zone        string // of the times
	Rows        []row
	Bars        []bar
	Lines       []line
	Marks       []mark
}

// series is one kind of number.
type series struct {
	Name, Class string
	Counts      []int // one for each span
	Total       int
}

// row is a span of time, and its number in each series.
type row struct {
	From   string
	Counts []int
}

type bar struct {
	Class               string
	X, Y, Width, Height float64
	Title               string
}

// line goes across at the height of a number.
type line struct {
	Y, LabelY float64
	Label     string
}

// mark is a time under its bars.
type mark struct {
	X      float64
	Anchor string
	Label  string
}

// newChart completes a chart whose last span is the one that now is in. Every so many spans one is marked with its time.
func newChart(c chart, now time.Time, span time.Duration, every int, format string) chart {
	n, most := 0, 0
	for i := range c.Series {
		s := &c.Series[i]
		n = max(n, len(s.Counts))
		for _, count := range s.Counts {
			s.Total += count
			most = max(most, count)
		}
	}
	if most == 0 {
		return c
	}
	step := chartStep(most)
	c.Zone = now.Local().Format("MST")
	for i := range 3 {
		y := height(i*step, 2*step)
		c.Lines = append(c.Lines, line{Y: y, LabelY: tenth(y + chartLetter), Label: brief(i * step)})
	}
	room := (chartRight - chartLeft) / float64(n)
	width := room * (1 - chartGap) / float64(len(c.Series))
	for i := range n {
		from := now.Truncate(span).Add(time.Duration(i-n+1) * span).Local()
		at := row{From: from.Format(format)}
		left := chartLeft + room*(float64(i)+chartGap/2)
		for j, s := range c.Series {
			at.Counts = append(at.Counts, s.Counts[i])
			if s.Counts[i] > 0 {
				y := min(height(s.Counts[i], 2*step), chartBottom-chartLeast)
				c.Bars = append(c.Bars, bar{Class: s.Class, X: tenth(left + width*float64(j)), Y: y, Width: tenth(width), Height: tenth(chartBottom - y),
					Title: fmt.Sprintf("%s: %s %d", at.From, s.Name, s.Counts[i])})
			}
		}
		c.Rows = append(c.Rows, at)
		if i%every == 0 && i < n-1 {
			c.Marks = append(c.Marks, mark{X: tenth(left), Anchor: "start", Label: from.Format("15:04")})
		}
	}
	c.Marks = append(c.Marks, mark{X: chartRight, Anchor: "end", Label: "now"})
	return c
}

// chartStep is a round number of which twice is at least n, so that three lines go from 0 to the top.
func chartStep(n int) int {
	for power := 1; ; power *= 10 {
		for _, step := range [...]int{1, 2, 5} {
			if 2*step*power >= n || power > math.MaxInt/100 {
				return step * power
			}
		}
	}
}

func height(count, top int) float64 {
	return tenth(chartBottom - (chartBottom-chartTop)*float64(count)/float64(top))
}

func tenth(x float64) float64 { return math.Round(x*10) / 10 }

// brief is a number in few letters.
func brief(n int) string {
	switch {
	case n >= 1_000_000:
		return strconv.Itoa(n/1_000_000) + "M"
	case n >= 1000:
		return strconv.Itoa(n/1000) + "k"
	}
	return strconv.Itoa(n)
}
