// Package archtest holds the house to its plan: who may import whom, and that every package says what it is for. It is
// tests only.
package archtest
