package stix

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
