package jellyfin

// ProblemDetails is the body of answers without a text of their own: 404, 415, and 400 for a request that could not be read. Its
// members are lower-case whatever profile the client asks for.
type ProblemDetails struct {
	Type    string              `json:"type"`  // URL of a section of RFC 9110
	Title   string              `json:"title"` // as "Not Found"
	Status  int                 `json:"status"`
	Errors  map[string][]string `json:"errors,omitempty"` // by parameter or JSON path, "" for the body as such
	TraceID string              `json:"traceId"`          // 00-<32 hex>-<16 hex>-00
}
