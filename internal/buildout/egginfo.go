package buildout

import (
	"context"
)

// addEggInfo gives every egg of the tree that has only a dist-info an
// EGG-INFO too. Since zc.buildout 5 eggs hold dist-info, and its own offline
// mode looks for EGG-INFO: without, it finds none of its eggs.
func (t *Tree) addEggInfo(ctx context.Context, m toolmaker) error {
	dirs := append(eggDirs(t.dir("eggs-directory")), eggDirs(t.dir("develop-eggs-directory"))...)
	if len(dirs) > 0 {
		if _, err := m.eggs(ctx, map[string]any{"add": dirs}); err != nil {
			return failed("adding EGG-INFO to the eggs", "", "%w", err)
		}
	}
	if err := t.forgetDownloads(); err != nil {
		return err
	}
	if err := t.settleSBOMs(); err != nil {
		return err
	}
	return t.settleRecords()
}
