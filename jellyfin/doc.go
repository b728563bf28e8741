// Package jellyfin speaks the sign-in part of the Jellyfin API: the types of its bodies as Jellyfin 12.0.0
// reads and writes them, and the codec of its Authorization header. It uses the standard library only and
// serves servers and clients alike.
//
// The rules that hold for every type here:
//
//   - Members stand in the order in which Jellyfin writes them, under the names it uses.
//   - A member that Jellyfin leaves out while it is null is a pointer, or is tagged omitempty or omitzero
//     where the zero value never occurs; every other member is always written.
//   - Lists are [List] and never null. Dates are [Time], ids are [GUID], what must not be logged is [Secret].
//   - An enum is a string type with a Values method (see [Enum]); its zero value is written as the first name.
//   - int is .NET's Int32 and int64 is .NET's Int64: a decoder refuses numbers beyond 32 bits for an int.
//   - A type has a SetDefaults method where a member that a request omits means something else than Go's
//     zero value; a decoder of requests calls it before it reads the members (see [Defaulter]).
//   - Escaping is that of encoding/json. Jellyfin escapes more; servers add that where they write.
//
// A program that reads answers of a real server can use encoding/json as it is: unknown members are ignored,
// and unknown enum names are kept.
package jellyfin

// Defaulter is a type of request body whose omitted members are not all zero.
type Defaulter interface {
	// SetDefaults makes the receiver what Jellyfin takes an empty JSON object for.
	SetDefaults()
}
