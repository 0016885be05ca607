package testtool

import "time"

// Turn is whose turn it is today of n tests that take turns, one a day, in CI: the
// number of the day since 1970 in UTC, modulo n, as .ci/machines.sh counts.
func Turn(n int) int { return int(time.Now().Unix()/(24*60*60)) % n }
