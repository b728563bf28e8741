package jellyfin

// QueryResult is one page of a list (Jellyfin 12 QueryResult).
type QueryResult[T any] struct {
	Items            List[T] `json:"Items"`
	TotalRecordCount int     `json:"TotalRecordCount"` // of all pages
	StartIndex       int     `json:"StartIndex"`       // of the first item, from 0
}

// NewQueryResult is the page that holds everything.
func NewQueryResult[T any](items []T) QueryResult[T] {
	return QueryResult[T]{Items: items, TotalRecordCount: len(items)}
}
