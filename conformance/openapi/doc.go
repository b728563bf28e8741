// Package openapi says whether an answer is what an OpenAPI 3.0 document promises: types, required and unknown members,
// null, enumerations, formats and bounds of numbers. It knows as much of the standard as Jellyfin's document uses, and
// refuses a document that uses more.
package openapi
