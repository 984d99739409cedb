package stix

// predefined are the extensions of observables that the standard itself names
// (STIX 2.1 section 6).
const predefined = `
ArchiveExt min 1 open
  contains_refs! [@id]
  comment string

NTFSExt min 1 open
  sid string
  alternate_data_streams [Stream]
Stream open
  name! text
  hashes Hashes
  size int(0,9007199254740991)

PDFExt min 1 open
  version,pdfid0,pdfid1 string
  is_optimized bool
  document_info_dict Strings
Strings min 1
  * string

RasterExt min 1 open
  image_height,image_width,bits_per_pixel int(0,9007199254740991)
  exif_tags object

PEExt min 1 open
  pe_type! text
  imphash string
  machine_hex,pointer_to_symbol_table_hex,characteristics_hex @hex
  number_of_sections,number_of_symbols,size_of_optional_header int(0,9007199254740991)
  time_date_stamp @stamp
  file_header_hashes Hashes
  optional_header PEHeader
  sections [PESection]
PEHeader min 1 open
  magic_hex,win32_version_value_hex,checksum_hex,subsystem_hex,dll_characteristics_hex,loader_flags_hex @hex
  major_linker_version,minor_linker_version,size_of_code,size_of_initialized_data,size_of_uninitialized_data,address_of_entry_point,base_of_code,base_of_data,image_base,section_alignment,file_alignment,major_os_version,minor_os_version,major_image_version,minor_image_version,major_subsystem_version,minor_subsystem_version,size_of_image,size_of_headers,size_of_stack_reserve,size_of_stack_commit,size_of_heap_reserve,size_of_heap_commit,number_of_rva_and_sizes int(0,9007199254740991)
  hashes Hashes
PESection open
  name! string
  size int(0,9007199254740991)
  entropy number
  hashes Hashes

HTTPExt min 1 open
  request_method,request_value! text
  request_version string
  request_header Headers
  message_body_length int
  message_body_data_ref @ref:artifact
Headers min 1
  * any

ICMPExt min 1 open
  icmp_type_hex,icmp_code_hex! @hex

SocketExt min 1 open
  address_family! enum(AF_UNSPEC|AF_INET|AF_IPX|AF_APPLETALK|AF_NETBIOS|AF_INET6|AF_IRDA|AF_BTH)
  is_blocking,is_listening bool
  options object
  socket_type enum(SOCK_STREAM|SOCK_DGRAM|SOCK_RAW|SOCK_RDM|SOCK_SEQPACKET)
  socket_descriptor int(0,9007199254740991)
  socket_handle int

TCPExt min 1 open
  src_flags_hex,dst_flags_hex @hex

WindowsProcessExt min 1 open
  aslr_enabled,dep_enabled bool
  priority,owner_sid,window_title string
  startup_info Strings
  integrity_level enum(low|medium|high|system)

WindowsServiceExt min 1 open
  service_name,display_name,group_name string
  descriptions [string]
  start_type enum(SERVICE_AUTO_START|SERVICE_BOOT_START|SERVICE_DEMAND_START|SERVICE_DISABLED|SERVICE_SYSTEM_ALERT|SERVICE_SYSTEM_START)
  service_dll_refs [@ref:file]
  service_type enum(SERVICE_KERNEL_DRIVER|SERVICE_FILE_SYSTEM_DRIVER|SERVICE_WIN32_OWN_PROCESS|SERVICE_WIN32_SHARE_PROCESS)
  service_status enum(SERVICE_CONTINUE_PENDING|SERVICE_PAUSE_PENDING|SERVICE_PAUSED|SERVICE_RUNNING|SERVICE_START_PENDING|SERVICE_STOP_PENDING|SERVICE_STOPPED)

UnixAccountExt min 1 open
  gid int
  groups [string]
  home_dir,shell string
`

// extends is the type of object a predefined extension belongs to, "" for
// another extension.
func extends(name string) string {
	switch name {
	case "archive-ext", "ntfs-ext", "pdf-ext", "raster-image-ext", "windows-pebinary-ext":
		return "file"
	case "http-request-ext", "icmp-ext", "socket-ext", "tcp-ext":
		return "network-traffic"
	case "windows-process-ext", "windows-service-ext":
		return "process"
	case "unix-account-ext":
		return "user-account"
	}
	return ""
}
