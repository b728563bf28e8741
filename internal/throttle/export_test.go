package throttle

// Held counts the networks in the tree, to see that those without entries go.
func (q *Queue[T]) Held() int { return q.known.held() + q.unknown.held() }

func (n *network[T]) held() int {
	held := len(n.below)
	for _, b := range n.below {
		held += b.held()
	}
	return held
}

// Released says that the roots of an empty queue hold on to nothing.
func (q *Queue[T]) Released() bool {
	return q.known.below == nil && q.known.heaviest == nil && q.unknown.below == nil && q.unknown.heaviest == nil
}
