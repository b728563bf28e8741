package jellyfin

// EncodingOptions is the named configuration "encoding" (Jellyfin 12 EncodingOptions). Its enums are plain texts here:
// nothing but the dashboard reads them.
type EncodingOptions struct {
	EncodingThreadCount                int          `json:"EncodingThreadCount"` // -1: as many as there are cores
	TranscodingTempPath                *string      `json:"TranscodingTempPath,omitempty"`
	FallbackFontPath                   *string      `json:"FallbackFontPath,omitempty"`
	EnableFallbackFont                 bool         `json:"EnableFallbackFont"`
	EnableAudioVbr                     bool         `json:"EnableAudioVbr"`
	DownMixAudioBoost                  float64      `json:"DownMixAudioBoost"`
	DownMixStereoAlgorithm             string       `json:"DownMixStereoAlgorithm"`
	MaxMuxingQueueSize                 int          `json:"MaxMuxingQueueSize"`
	EnableThrottling                   bool         `json:"EnableThrottling"`
	ThrottleDelaySeconds               int          `json:"ThrottleDelaySeconds"`
	EnableSegmentDeletion              bool         `json:"EnableSegmentDeletion"`
	SegmentKeepSeconds                 int          `json:"SegmentKeepSeconds"`
	HardwareAccelerationType           string       `json:"HardwareAccelerationType"`
	EncoderAppPath                     *string      `json:"EncoderAppPath,omitempty"`
	EncoderAppPathDisplay              *string      `json:"EncoderAppPathDisplay,omitempty"`
	VaapiDevice                        string       `json:"VaapiDevice"`
	QsvDevice                          string       `json:"QsvDevice"`
	EnableTonemapping                  bool         `json:"EnableTonemapping"`
	EnableVppTonemapping               bool         `json:"EnableVppTonemapping"`
	EnableVideoToolboxTonemapping      bool         `json:"EnableVideoToolboxTonemapping"`
	TonemappingAlgorithm               string       `json:"TonemappingAlgorithm"`
	TonemappingMode                    string       `json:"TonemappingMode"`
	TonemappingRange                   string       `json:"TonemappingRange"`
	TonemappingDesat                   float64      `json:"TonemappingDesat"`
	TonemappingPeak                    float64      `json:"TonemappingPeak"`
	TonemappingParam                   float64      `json:"TonemappingParam"`
	VppTonemappingBrightness           float64      `json:"VppTonemappingBrightness"`
	VppTonemappingContrast             float64      `json:"VppTonemappingContrast"`
	H264Crf                            int          `json:"H264Crf"`
	H265Crf                            int          `json:"H265Crf"`
	EncoderPreset                      *string      `json:"EncoderPreset,omitempty"`
	DeinterlaceDoubleRate              bool         `json:"DeinterlaceDoubleRate"`
	DeinterlaceMethod                  string       `json:"DeinterlaceMethod"`
	EnableDecodingColorDepth10Hevc     bool         `json:"EnableDecodingColorDepth10Hevc"`
	EnableDecodingColorDepth10Vp9      bool         `json:"EnableDecodingColorDepth10Vp9"`
	EnableDecodingColorDepth10HevcRext bool         `json:"EnableDecodingColorDepth10HevcRext"`
	EnableDecodingColorDepth12HevcRext bool         `json:"EnableDecodingColorDepth12HevcRext"`
	EnableEnhancedNvdecDecoder         bool         `json:"EnableEnhancedNvdecDecoder"`
	PreferSystemNativeHwDecoder        bool         `json:"PreferSystemNativeHwDecoder"`
	EnableIntelLowPowerH264HwEncoder   bool         `json:"EnableIntelLowPowerH264HwEncoder"`
	EnableIntelLowPowerHevcHwEncoder   bool         `json:"EnableIntelLowPowerHevcHwEncoder"`
	EnableHardwareEncoding             bool         `json:"EnableHardwareEncoding"`
	AllowHevcEncoding                  bool         `json:"AllowHevcEncoding"`
	AllowAv1Encoding                   bool         `json:"AllowAv1Encoding"`
	EnableSubtitleExtraction           bool         `json:"EnableSubtitleExtraction"`
	SubtitleExtractionTimeoutMinutes   int          `json:"SubtitleExtractionTimeoutMinutes"`
	HardwareDecodingCodecs             List[string] `json:"HardwareDecodingCodecs"`
	OnDemandKeyframeExtensions         List[string] `json:"AllowOnDemandMetadataBasedKeyframeExtractionForExtensions"`
	HlsAudioSeekStrategy               string       `json:"HlsAudioSeekStrategy"`
}

// SetDefaults implements Defaulter with the configuration of a fresh Jellyfin 12 that has found no encoder.
func (c *EncodingOptions) SetDefaults() {
	preset := "auto"
	*c = EncodingOptions{
		EncodingThreadCount:              -1,
		DownMixAudioBoost:                2,
		DownMixStereoAlgorithm:           "None",
		MaxMuxingQueueSize:               2048,
		ThrottleDelaySeconds:             180,
		SegmentKeepSeconds:               720,
		HardwareAccelerationType:         "none",
		VaapiDevice:                      "/dev/dri/renderD128",
		TonemappingAlgorithm:             "bt2390",
		TonemappingMode:                  "auto",
		TonemappingRange:                 "auto",
		TonemappingPeak:                  100,
		VppTonemappingBrightness:         16,
		VppTonemappingContrast:           1,
		H264Crf:                          23,
		H265Crf:                          28,
		EncoderPreset:                    &preset,
		DeinterlaceMethod:                "yadif",
		EnableDecodingColorDepth10Hevc:   true,
		EnableDecodingColorDepth10Vp9:    true,
		EnableEnhancedNvdecDecoder:       true,
		PreferSystemNativeHwDecoder:      true,
		EnableHardwareEncoding:           true,
		EnableSubtitleExtraction:         true,
		SubtitleExtractionTimeoutMinutes: 30,
		HardwareDecodingCodecs:           List[string]{"h264", "vc1"},
		OnDemandKeyframeExtensions:       List[string]{"mkv"},
		HlsAudioSeekStrategy:             "TrimCopiedAudio",
	}
}
