package buildout

import (
	"fmt"
	"time"
)

// Event is a step of a build, for a progress display.
type Event struct {
	Kind    EventKind
	Name    string // of the egg or part; of a warning its text
	Version string // of the egg, where it is known
	Update  bool   // the part was there already
	Elapsed time.Duration
	Parts   int // finished so far
	Eggs    int
}

// EventKind is what an Event tells. Its zero value isn't a kind.
type EventKind int

// The kinds of events. A warning and what else a person has to read stay on the
// screen; who shows events decides about the others.
const (
	StageEvent EventKind = iota + 1
	ToolsEvent
	BeforeEvent
	DevelopEvent
	EggEvent
	PartEvent
	GateEvent
	WarningEvent
	WaitingEvent
	WaitedEvent // Elapsed is for how long
	ReuseEvent
)

// EventKinds gives all kinds, so that a test can check that a display knows them.
func EventKinds() []EventKind {
	var kinds []EventKind
	for k := StageEvent; k <= ReuseEvent; k++ {
		kinds = append(kinds, k)
	}
	return kinds
}

// String is the kind in one word.
func (k EventKind) String() string {
	switch k {
	case StageEvent:
		return "stage"
	case ToolsEvent:
		return "tools"
	case BeforeEvent:
		return "before"
	case DevelopEvent:
		return "develop"
	case EggEvent:
		return "egg"
	case PartEvent:
		return "part"
	case GateEvent:
		return "gate"
	case WarningEvent:
		return "warning"
	case WaitingEvent:
		return "waiting"
	case WaitedEvent:
		return "waited"
	case ReuseEvent:
		return "reuse"
	}
	return fmt.Sprintf("event %d", int(k))
}
