package buildout

// hasten has what zc.buildout would do one after the other done side by side and
// in fewer processes: wheels are fetched ahead (py/ahead.py) and installed without
// starting pip (py/wheels.py). The tree is the same.
func (b *builder) hasten() error {
	if b.o.alone {
		return nil
	}
	for _, name := range []string{"wheels.py", "ahead.py"} {
		if err := b.hook(name); err != nil {
			return surroundings("preparing the downloads", "", err)
		}
	}
	return nil
}
