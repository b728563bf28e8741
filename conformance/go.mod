module github.com/finlatch/finlatch/conformance

go 1.26.0
