package cli

import "testing"

func TestByteSize(t *testing.T) {
	for _, test := range []struct {
		text  string
		want  byteSize // 0: it is refused
		again string
	}{
		{"1GiB", 1 << 30, "1GiB"},
		{"500MiB", 500 << 20, "500MiB"},
		{"1024 KiB", 1 << 20, "1MiB"},
		{"2147483647", 2<<30 - 1, "2147483647"},
		{"100", 100, "100"},
		{"2GiB", 0, ""},
		{"2147483648", 0, ""},
		{"9223372036854775807GiB", 0, ""},
		{"0", 0, ""},
		{"-1MiB", 0, ""},
		{"1.5GiB", 0, ""},
		{"500MB", 0, ""},
		{"", 0, ""},
	} {
		var got byteSize
		err := got.Set(test.text)
		if (err != nil) != (test.want == 0) || got != test.want {
			t.Errorf("%q is %d, %v", test.text, got, err)
		}
		if err == nil && got.String() != test.again {
			t.Errorf("%q is written %s", test.text, got.String())
		}
	}
}
