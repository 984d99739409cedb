package stix

// common are the properties of every object but the bundle (STIX 2.1 section
// 3.2), and of the types that are put together from them. Unknown properties
// are custom properties: their names have a form (section 11.2).
const common = `
Observable
  type! text
  id! @id
  spec_version =2.1
  object_marking_refs [@ref:marking-definition]
  granular_markings [GranularMarking]
  defanged bool
  extensions Extensions
  * @property any

Common
  type! text
  spec_version! =2.1
  id! @id
  created_by_ref @ref:identity
  created,modified! @stamp
  revoked bool
  labels [text]
  confidence int(0,100)
  lang @lang
  external_references [ExternalReference]
  object_marking_refs [@ref:marking-definition]
  granular_markings [GranularMarking]
  extensions Extensions
  * @property any

Custom open
  type! text
  id! @id
  spec_version =2.1
  created,modified @stamp
  created_by_ref @ref:identity
  extensions Extensions

ExternalReference open
  source_name! text
  description,external_id string
  url @uri
  hashes Hashes

GranularMarking open
  lang @lang
  marking_ref @ref:marking-definition
  selectors! [@selector]

KillChainPhase open
  kill_chain_name,phase_name! text

Hashes min 1
  MD5 @md5
  SHA-1 @sha1
  SHA-256 @sha256
  SHA-512 @sha512
  SHA3-256 @sha256
  SHA3-512 @sha512
  SSDEEP,TLSH text
  * @hashkey text

Extensions min 1
  extension-definition--ef765651-680c-498d-9894-99799f2fa126 IncidentCore
  archive-ext ArchiveExt
  ntfs-ext NTFSExt
  pdf-ext PDFExt
  raster-image-ext RasterExt
  windows-pebinary-ext PEExt
  http-request-ext HTTPExt
  icmp-ext ICMPExt
  socket-ext SocketExt
  tcp-ext TCPExt
  windows-process-ext WindowsProcessExt
  windows-service-ext WindowsServiceExt
  unix-account-ext UnixAccountExt
  * @extkey Extension

Extension min 1 open
  extension_type enum(new-sdo|new-sco|new-sro|property-extension|toplevel-property-extension)

IncidentCore open   # Incident Core Extension, version 2
  extension_type! =property-extension
  determination! enum(blocked|confirmed|failed-attempt|false-positive|low-value|suspected)
  investigation_status! text
  criticality int(0,100)
  detection_methods,incident_types [text]
  events [EventEntry]
  tasks [TaskEntry]
  impact_refs [@ref:impact]
  event_refs [@ref:event]
  task_refs [@ref:task]
  other_object_refs [@id]
  impacted_entity_counts EntityCounts
  recoverability enum(extended|not-applicable|not-recoverable|regular|supplemented)
  scores [IncidentScore]

EntityCounts min 1
  * int(0,9007199254740991)

EventEntry open
  event_ref! @ref:event
  next_steps [Step]
  sequence_start bool

TaskEntry open
  task_ref! @ref:task
  next_steps [Step]
  sequence_start bool

Step open
  event_ref @ref:event
  task_ref @ref:task
  condition_type! enum(optional|required|unknown)
  transition_type! enum(completion|failure|success|unknown)

IncidentScore open
  name! text
  value! number
  description string

StateChange open
  state_change_type! text
  initial_ref,result_ref @id
`
