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

// domain are the domain objects (section 4) and those of the incident
// extensions.
const domain = `
bundle open
  type! =bundle
  id! @ref:bundle
  objects [object]
  * @property any

attack-pattern: Common
  name! text
  description string
  aliases [text]
  kill_chain_phases [KillChainPhase]

campaign: Common
  name! text
  description,objective string
  aliases [text]
  first_seen,last_seen @stamp

course-of-action: Common
  name! text
  description string

grouping: Common
  name,description string
  context! text
  object_refs! [@id]

identity: Common
  name! text
  description,contact_information string
  roles,sectors [text]
  identity_class text

incident: Common
  name! text
  description string

indicator: Common
  name,description string
  indicator_types [text]
  pattern,pattern_type! text
  pattern_version text
  valid_from! @stamp
  valid_until @stamp
  kill_chain_phases [KillChainPhase]

infrastructure: Common
  name! text
  description string
  infrastructure_types,aliases [text]
  kill_chain_phases [KillChainPhase]
  first_seen,last_seen @stamp

intrusion-set: Common
  name! text
  description string
  aliases,goals,secondary_motivations [text]
  first_seen,last_seen @stamp
  resource_level,primary_motivation text

location: Common
  name,description,administrative_area,city,street_address,postal_code string
  latitude number(-90,90)
  longitude number(-180,180)
  precision number(0,1000000000)
  region,country text

malware: Common
  name text
  description string
  malware_types,aliases,architecture_execution_envs,implementation_languages,capabilities [text]
  is_family! bool
  kill_chain_phases [KillChainPhase]
  first_seen,last_seen @stamp
  operating_system_refs [@ref:software]
  sample_refs [@ref:artifact|file]

malware-analysis: Common
  product! text
  version,configuration_version,analysis_engine_version,analysis_definition_version text
  host_vm_ref,operating_system_ref @ref:software
  installed_software_refs [@ref:software]
  modules [text]
  submitted,analysis_started,analysis_ended @stamp
  result_name,result text
  analysis_sco_refs [@id]
  sample_ref @ref:artifact|file|network-traffic

note: Common
  abstract string
  content! text
  authors [text]
  object_refs! [@id]

observed-data: Common
  first_observed,last_observed! @stamp
  number_observed! int(1,999999999)
  objects Container
  object_refs [@id]

Container min 1
  * Contained
Contained open
  type! text

opinion: Common
  explanation string
  authors [text]
  opinion! enum(strongly-disagree|disagree|neutral|agree|strongly-agree)
  object_refs! [@id]

report: Common
  name! text
  description string
  report_types [text]
  published! @stamp
  object_refs! [@id]

threat-actor: Common
  name! text
  description string
  threat_actor_types,aliases,roles,goals,secondary_motivations,personal_motivations [text]
  first_seen,last_seen @stamp
  sophistication,resource_level,primary_motivation text

tool: Common
  name! text
  description string
  tool_types,aliases [text]
  kill_chain_phases [KillChainPhase]
  tool_version text

vulnerability: Common
  name! text
  description string

relationship: Common
  relationship_type! @relationship
  description string
  source_ref,target_ref! @id
  start_time,stop_time @stamp

sighting: Common
  description string
  first_seen,last_seen @stamp
  count int(0,999999999)
  sighting_of_ref! @id
  observed_data_refs [@ref:observed-data]
  where_sighted_refs [@ref:identity|location]
  summary bool

language-content: Common
  object_ref! @id
  object_modified @stamp
  contents! Contents
Contents min 1
  * @lang object

marking-definition: Common
  modified @stamp
  name string
  definition_type text
  definition object

extension-definition: Common
  created_by_ref! @ref:identity
  name,schema,version! text
  description string
  extension_types! [enum(new-sdo|new-sco|new-sro|property-extension|toplevel-property-extension)]
  extension_properties [@property]

event: Common
  status! enum(ongoing|occurred|not-occurred|pending|undetermined)
  name,description,goal string
  event_types [text]
  changed_objects [StateChange]
  sighting_refs [@ref:sighting]
  start_time,end_time @stamp
  start_time_fidelity,end_time_fidelity enum(day|hour|minute|month|second|year)
  subevents [EventEntry]

impact: Common
  impact_category! text
  criticality int(0,100)
  description string
  impacted_entity_counts EntityCounts
  impacted_refs [@id]
  recoverability enum(extended|not-applicable|not-recoverable|regular|supplemented)
  start_time,end_time @stamp
  start_time_fidelity,end_time_fidelity enum(day|hour|minute|month|second|year)
  superseded_by_ref @ref:impact

task: Common
  outcome! enum(cancelled|failed|ongoing|pending|successful|unknown)
  name,description,error string
  task_types [text]
  changed_objects [StateChange]
  impacted_entity_counts EntityCounts
  priority int(0,100)
  start_time,end_time @stamp
  start_time_fidelity,end_time_fidelity enum(day|hour|minute|month|second|year)
  subtasks [TaskEntry]
`

// observables are the cyber-observable objects (section 6).
const observables = `
artifact: Observable
  mime_type text
  payload_bin @base64
  url @uri
  hashes Hashes
  encryption_algorithm enum(AES-256-GCM|ChaCha20-Poly1305|mime-type-indicated)
  decryption_key string

autonomous-system: Observable
  number! int(0,4294967295)
  name,rir text

directory: Observable
  path! text
  path_enc text
  ctime,mtime,atime @stamp
  contains_refs [@ref:file|directory]

domain-name: Observable
  value! text
  resolves_to_refs [@ref:ipv4-addr|ipv6-addr|domain-name]

email-addr: Observable
  value! @email
  display_name string
  belongs_to_ref @ref:user-account

email-message: Observable
  is_multipart! bool
  date @stamp
  content_type,message_id,subject string
  from_ref,sender_ref @ref:email-addr
  to_refs,cc_refs,bcc_refs [@ref:email-addr]
  received_lines [text]
  additional_header_fields object
  body string
  body_multipart [MimePart]
  raw_email_ref @ref:artifact
MimePart open
  body string
  body_raw_ref @ref:artifact|file
  content_type,content_disposition text

file: Observable
  hashes Hashes
  size int(0,9007199254740991)
  name,name_enc,mime_type text
  magic_number_hex @hex
  ctime,mtime,atime @stamp
  parent_directory_ref @ref:directory
  contains_refs [@id]
  content_ref @ref:artifact

ipv4-addr: Observable
  value! @ipv4
  resolves_to_refs [@ref:mac-addr]
  belongs_to_refs [@ref:autonomous-system]

ipv6-addr: Observable
  value! @ipv6
  resolves_to_refs [@ref:mac-addr]
  belongs_to_refs [@ref:autonomous-system]

mac-addr: Observable
  value! @mac

mutex: Observable
  name! text

network-traffic: Observable
  start,end @stamp
  is_active bool
  src_ref,dst_ref @ref:ipv4-addr|ipv6-addr|mac-addr|domain-name
  src_port,dst_port int(0,65535)
  protocols! [text]
  src_byte_count,dst_byte_count,src_packets,dst_packets int(0,9007199254740991)
  ipfix object
  src_payload_ref,dst_payload_ref @ref:artifact
  encapsulates_refs [@ref:network-traffic]
  encapsulated_by_ref @ref:network-traffic

process: Observable
  is_hidden bool
  pid int(0,9007199254740991)
  created_time @stamp
  cwd,command_line string
  environment_variables object
  opened_connection_refs [@ref:network-traffic]
  creator_user_ref @ref:user-account
  image_ref @ref:file
  parent_ref @ref:process
  child_refs [@ref:process]

software: Observable
  name! text
  cpe @cpe
  swid,vendor,version text
  languages [@lang]

url: Observable
  value! @uri

user-account: Observable
  user_id,credential,account_login,account_type,display_name string
  is_service_account,is_privileged,can_escalate_privs,is_disabled bool
  account_created,account_expires,credential_last_changed,account_first_login,account_last_login @stamp

windows-registry-key: Observable
  key text
  values [RegistryValue]
  modified_time @stamp
  creator_user_ref @ref:user-account
  number_of_subkeys int(0,4294967295)
RegistryValue min 1 open
  name,data string
  data_type enum(REG_NONE|REG_SZ|REG_EXPAND_SZ|REG_BINARY|REG_DWORD|REG_DWORD_BIG_ENDIAN|REG_DWORD_LITTLE_ENDIAN|REG_LINK|REG_MULTI_SZ|REG_RESOURCE_LIST|REG_FULL_RESOURCE_DESCRIPTION|REG_RESOURCE_REQUIREMENTS_LIST|REG_QWORD|REG_INVALID_TYPE)

x509-certificate: Observable
  is_self_signed bool
  hashes Hashes
  version,serial_number,signature_algorithm,issuer,subject,subject_public_key_algorithm,subject_public_key_modulus text
  validity_not_before,validity_not_after @stamp
  subject_public_key_exponent int(0,9007199254740991)
  x509_v3_extensions object
`
