package plural

import "fmt"

// Bytes is a number of bytes in units of 1024: "512 B", "83 KiB", "30.0 MiB", "1.2 GiB".
func Bytes(n int64) string {
	switch v := float64(n); {
	case n < 1<<10:
		return fmt.Sprintf("%d B", n)
	case n < 1<<20:
		return fmt.Sprintf("%.0f KiB", v/(1<<10))
	case n < 1<<30:
		return fmt.Sprintf("%.1f MiB", v/(1<<20))
	default:
		return fmt.Sprintf("%.1f GiB", v/(1<<30))
	}
}
