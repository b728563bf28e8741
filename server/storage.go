package server

import "github.com/finlatch/finlatch/jellyfin"

// storage tells how full the disk is that everything of finlatch's lies on.
func (s *Server) storage(*request) (any, error) {
	folder := jellyfin.FolderStorageDto{Path: s.options.DataDir, FreeSpace: -1, UsedSpace: -1} // as Jellyfin tells what it does not know
	if folder.Path != "" {
		if free, used, ok := diskSpace(folder.Path); ok {
			folder.FreeSpace, folder.UsedSpace = free, used
		}
	}
	return &jellyfin.SystemStorageDto{ProgramDataFolder: folder, WebFolder: folder, ImageCacheFolder: folder, CacheFolder: folder,
		LogFolder: folder, InternalMetadataFolder: folder, TranscodingTempFolder: folder}, nil
}
