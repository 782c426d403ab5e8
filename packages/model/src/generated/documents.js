/* Made by scripts/validators.ts out of schemas/: change those. */
/* eslint-disable */

const refusal = (instancePath, keyword, params, parentSchema, data) =>
  ({ instancePath, keyword, params, parentSchema, word: isWord(data) ? data : undefined });
const isWord = (data) => typeof data === "string" && data.length <= 64;
const joined = (errors, { errors: more }) => errors === null ? more : errors.concat(more);
"use strict";
export const BootstrapRequest = validate22;
const schema7 = {"type":"object","additionalProperties":false,"required":["reference"],"properties":{"reference":{"$ref":"#/$defs/Text"}}};
const schema8 = {"description":"A string without a NUL byte.","type":"string","pattern":"^[^\\u0000]*$"};
const pattern0 = new RegExp("^[^\\u0000]*$", "u");

function validate23(data, instancePath=""){
let vErrors = null;
let errors = 0;
if(typeof data === "string"){
if(!pattern0.test(data)){
errors = (vErrors ??= []).push(refusal(instancePath,"pattern",{pattern: "^[^\\u0000]*$"},schema8,data));
}
}
else {
errors = (vErrors ??= []).push(refusal(instancePath,"type",{type: "string"},schema8,data));
}
validate23.errors = vErrors;
return errors === 0;
}


function validate22(data, instancePath=""){
let vErrors = null;
let errors = 0;
if(data && typeof data == "object" && !Array.isArray(data)){
for(const prop0 of schema7.required){
if(data[prop0] === undefined){
errors = (vErrors ??= []).push(refusal(instancePath,"required",{missingProperty: prop0},schema7,data));
}
}
for(const key0 in data){
if(errors >= 64) break;
if(!(key0 === "reference")){
errors = (vErrors ??= []).push(refusal(instancePath,"additionalProperties",{additionalProperty: key0},schema7,data));
}
}
if(data.reference !== undefined){
if(!(validate23(data.reference, instancePath+"/reference"))){
errors = (vErrors = joined(vErrors, validate23)).length;
}
}
}
else {
errors = (vErrors ??= []).push(refusal(instancePath,"type",{type: "object"},schema7,data));
}
validate22.errors = vErrors;
return errors === 0;
}

export const BuildRequest = validate25;
const schema9 = {"type":"object","additionalProperties":false,"required":["context","options"],"properties":{"context":{"$ref":"#/$defs/TextOrNull"},"options":{"$ref":"#/$defs/BuildOptions"}}};
const schema10 = {"description":"A string without a NUL byte, or null.","type":["string","null"],"pattern":"^[^\\u0000]*$"};

function validate26(data, instancePath=""){
let vErrors = null;
let errors = 0;
if((typeof data !== "string") && (data !== null)){
errors = (vErrors ??= []).push(refusal(instancePath,"type",{type: schema10.type},schema10,data));
}
if(typeof data === "string"){
if(!pattern0.test(data)){
errors = (vErrors ??= []).push(refusal(instancePath,"pattern",{pattern: "^[^\\u0000]*$"},schema10,data));
}
}
validate26.errors = vErrors;
return errors === 0;
}

const schema11 = {"type":"object","additionalProperties":false,"required":["spec","dockerfileName","tags"],"properties":{"spec":{"$ref":"#/$defs/BuildSpec"},"dockerfile":{"$ref":"#/$defs/Text"},"dockerfileName":{"$ref":"#/$defs/Text"},"tags":{"$ref":"#/$defs/Texts"},"secrets":{"$ref":"#/$defs/TextMap"},"auths":{"type":"object","additionalProperties":{"$ref":"#/$defs/RegistryAuth"}}}};
const schema12 = {"type":"object","additionalProperties":false,"required":["context"],"properties":{"context":{"$ref":"#/$defs/Text"},"dockerfile":{"$ref":"#/$defs/Text"},"dockerfileInline":{"$ref":"#/$defs/Text"},"args":{"$ref":"#/$defs/TextMap"},"target":{"$ref":"#/$defs/Text"},"labels":{"$ref":"#/$defs/TextMap"},"noCache":{"type":"boolean"},"pull":{"type":"boolean"},"tags":{"$ref":"#/$defs/Texts"},"platform":{"$ref":"#/$defs/Text"},"network":{"$ref":"#/$defs/Text"},"shmSizeBytes":{"$ref":"#/$defs/Size"},"extraHosts":{"type":"array","items":{"$ref":"#/$defs/HostEntry"}}}};
const func2 = Object.prototype.hasOwnProperty;
const schema13 = {"type":"object","additionalProperties":{"$ref":"#/$defs/Text"}};

function validate33(data, instancePath=""){
let vErrors = null;
let errors = 0;
if(data && typeof data == "object" && !Array.isArray(data)){
for(const key0 in data){
if(errors >= 64) break;
if(!(validate23(data[key0], instancePath+"/" + key0.replace(/~/g, "~0").replace(/\//g, "~1")))){
errors = (vErrors = joined(vErrors, validate23)).length;
}
}
}
else {
errors = (vErrors ??= []).push(refusal(instancePath,"type",{type: "object"},schema13,data));
}
validate33.errors = vErrors;
return errors === 0;
}

const schema14 = {"type":"array","items":{"$ref":"#/$defs/Text"}};

function validate38(data, instancePath=""){
let vErrors = null;
let errors = 0;
if(Array.isArray(data)){
const len0 = data.length;
for(let i0=0; i0<len0 && errors < 64; i0++){
if(!(validate23(data[i0], instancePath+"/" + i0))){
errors = (vErrors = joined(vErrors, validate23)).length;
}
}
}
else {
errors = (vErrors ??= []).push(refusal(instancePath,"type",{type: "array"},schema14,data));
}
validate38.errors = vErrors;
return errors === 0;
}

const schema15 = {"type":"integer","minimum":0,"maximum":9007199254740991};

function validate43(data, instancePath=""){
let vErrors = null;
let errors = 0;
if(!(((typeof data == "number") && (!(data % 1) && !isNaN(data))) && (isFinite(data)))){
errors = (vErrors ??= []).push(refusal(instancePath,"type",{type: "integer"},schema15,data));
}
if((typeof data == "number") && (isFinite(data))){
if(data > 9007199254740991 || isNaN(data)){
errors = (vErrors ??= []).push(refusal(instancePath,"maximum",{comparison: "<=", limit: 9007199254740991},schema15,data));
}
if(data < 0 || isNaN(data)){
errors = (vErrors ??= []).push(refusal(instancePath,"minimum",{comparison: ">=", limit: 0},schema15,data));
}
}
validate43.errors = vErrors;
return errors === 0;
}

const schema16 = {"type":"object","additionalProperties":false,"required":["name","address"],"properties":{"name":{"$ref":"#/$defs/Text"},"address":{"$ref":"#/$defs/Text"}}};

function validate45(data, instancePath=""){
let vErrors = null;
let errors = 0;
if(data && typeof data == "object" && !Array.isArray(data)){
for(const prop0 of schema16.required){
if(data[prop0] === undefined){
errors = (vErrors ??= []).push(refusal(instancePath,"required",{missingProperty: prop0},schema16,data));
}
}
for(const key0 in data){
if(errors >= 64) break;
if(!((key0 === "name") || (key0 === "address"))){
errors = (vErrors ??= []).push(refusal(instancePath,"additionalProperties",{additionalProperty: key0},schema16,data));
}
}
if(data.name !== undefined){
if(!(validate23(data.name, instancePath+"/name"))){
errors = (vErrors = joined(vErrors, validate23)).length;
}
}
if(data.address !== undefined){
if(!(validate23(data.address, instancePath+"/address"))){
errors = (vErrors = joined(vErrors, validate23)).length;
}
}
}
else {
errors = (vErrors ??= []).push(refusal(instancePath,"type",{type: "object"},schema16,data));
}
validate45.errors = vErrors;
return errors === 0;
}


function validate29(data, instancePath=""){
let vErrors = null;
let errors = 0;
if(data && typeof data == "object" && !Array.isArray(data)){
for(const prop0 of schema12.required){
if(data[prop0] === undefined){
errors = (vErrors ??= []).push(refusal(instancePath,"required",{missingProperty: prop0},schema12,data));
}
}
for(const key0 in data){
if(errors >= 64) break;
if(!(func2.call(schema12.properties, key0))){
errors = (vErrors ??= []).push(refusal(instancePath,"additionalProperties",{additionalProperty: key0},schema12,data));
}
}
if(data.context !== undefined){
if(!(validate23(data.context, instancePath+"/context"))){
errors = (vErrors = joined(vErrors, validate23)).length;
}
}
if(data.dockerfile !== undefined){
if(!(validate23(data.dockerfile, instancePath+"/dockerfile"))){
errors = (vErrors = joined(vErrors, validate23)).length;
}
}
if(data.dockerfileInline !== undefined){
if(!(validate23(data.dockerfileInline, instancePath+"/dockerfileInline"))){
errors = (vErrors = joined(vErrors, validate23)).length;
}
}
if(data.args !== undefined){
if(!(validate33(data.args, instancePath+"/args"))){
errors = (vErrors = joined(vErrors, validate33)).length;
}
}
if(data.target !== undefined){
if(!(validate23(data.target, instancePath+"/target"))){
errors = (vErrors = joined(vErrors, validate23)).length;
}
}
if(data.labels !== undefined){
if(!(validate33(data.labels, instancePath+"/labels"))){
errors = (vErrors = joined(vErrors, validate33)).length;
}
}
if(data.noCache !== undefined){
let data6 = data.noCache;
if(typeof data6 !== "boolean"){
errors = (vErrors ??= []).push(refusal(instancePath+"/noCache","type",{type: "boolean"},schema12.properties.noCache,data6));
}
}
if(data.pull !== undefined){
let data7 = data.pull;
if(typeof data7 !== "boolean"){
errors = (vErrors ??= []).push(refusal(instancePath+"/pull","type",{type: "boolean"},schema12.properties.pull,data7));
}
}
if(data.tags !== undefined){
if(!(validate38(data.tags, instancePath+"/tags"))){
errors = (vErrors = joined(vErrors, validate38)).length;
}
}
if(data.platform !== undefined){
if(!(validate23(data.platform, instancePath+"/platform"))){
errors = (vErrors = joined(vErrors, validate23)).length;
}
}
if(data.network !== undefined){
if(!(validate23(data.network, instancePath+"/network"))){
errors = (vErrors = joined(vErrors, validate23)).length;
}
}
if(data.shmSizeBytes !== undefined){
if(!(validate43(data.shmSizeBytes, instancePath+"/shmSizeBytes"))){
errors = (vErrors = joined(vErrors, validate43)).length;
}
}
if(data.extraHosts !== undefined){
let data12 = data.extraHosts;
if(Array.isArray(data12)){
const len0 = data12.length;
for(let i0=0; i0<len0 && errors < 64; i0++){
if(!(validate45(data12[i0], instancePath+"/extraHosts/" + i0))){
errors = (vErrors = joined(vErrors, validate45)).length;
}
}
}
else {
errors = (vErrors ??= []).push(refusal(instancePath+"/extraHosts","type",{type: "array"},schema12.properties.extraHosts,data12));
}
}
}
else {
errors = (vErrors ??= []).push(refusal(instancePath,"type",{type: "object"},schema12,data));
}
validate29.errors = vErrors;
return errors === 0;
}

const schema17 = {"oneOf":[{"type":"object","additionalProperties":false,"required":["username","password"],"properties":{"username":{"$ref":"#/$defs/Text"},"password":{"$ref":"#/$defs/Text"}}},{"type":"object","additionalProperties":false,"required":["token"],"properties":{"token":{"$ref":"#/$defs/Text"}}}]};

function validate54(data, instancePath=""){
let vErrors = null;
let errors = 0;
const _errs0 = errors;
let valid0 = false;
let passing0 = null;
const _errs1 = errors;
if(data && typeof data == "object" && !Array.isArray(data)){
for(const prop0 of schema17.oneOf[0].required){
if(data[prop0] === undefined){
errors = (vErrors ??= []).push(refusal(instancePath,"required",{missingProperty: prop0},schema17.oneOf[0],data));
}
}
for(const key0 in data){
if(errors >= 64) break;
if(!((key0 === "username") || (key0 === "password"))){
errors = (vErrors ??= []).push(refusal(instancePath,"additionalProperties",{additionalProperty: key0},schema17.oneOf[0],data));
}
}
if(data.username !== undefined){
if(!(validate23(data.username, instancePath+"/username"))){
errors = (vErrors = joined(vErrors, validate23)).length;
}
}
if(data.password !== undefined){
if(!(validate23(data.password, instancePath+"/password"))){
errors = (vErrors = joined(vErrors, validate23)).length;
}
}
}
else {
errors = (vErrors ??= []).push(refusal(instancePath,"type",{type: "object"},schema17.oneOf[0],data));
}
var _valid0 = _errs1 === errors;
if(_valid0){
valid0 = true;
passing0 = 0;
}
const _errs6 = errors;
if(data && typeof data == "object" && !Array.isArray(data)){
for(const prop1 of schema17.oneOf[1].required){
if(data[prop1] === undefined){
errors = (vErrors ??= []).push(refusal(instancePath,"required",{missingProperty: prop1},schema17.oneOf[1],data));
}
}
for(const key1 in data){
if(errors >= 64) break;
if(!(key1 === "token")){
errors = (vErrors ??= []).push(refusal(instancePath,"additionalProperties",{additionalProperty: key1},schema17.oneOf[1],data));
}
}
if(data.token !== undefined){
if(!(validate23(data.token, instancePath+"/token"))){
errors = (vErrors = joined(vErrors, validate23)).length;
}
}
}
else {
errors = (vErrors ??= []).push(refusal(instancePath,"type",{type: "object"},schema17.oneOf[1],data));
}
var _valid0 = _errs6 === errors;
if(_valid0 && valid0){
valid0 = false;
passing0 = [passing0, 1];
}
else {
if(_valid0){
valid0 = true;
passing0 = 1;
}
}
if(!valid0){
errors = (vErrors ??= []).push(refusal(instancePath,"oneOf",{passingSchemas: passing0},schema17,data));
}
else {
errors = _errs0;
if(vErrors !== null){
if(_errs0){
vErrors.length = _errs0;
}
else {
vErrors = null;
}
}
}
validate54.errors = vErrors;
return errors === 0;
}


function validate28(data, instancePath=""){
let vErrors = null;
let errors = 0;
if(data && typeof data == "object" && !Array.isArray(data)){
for(const prop0 of schema11.required){
if(data[prop0] === undefined){
errors = (vErrors ??= []).push(refusal(instancePath,"required",{missingProperty: prop0},schema11,data));
}
}
for(const key0 in data){
if(errors >= 64) break;
if(!((((((key0 === "spec") || (key0 === "dockerfile")) || (key0 === "dockerfileName")) || (key0 === "tags")) || (key0 === "secrets")) || (key0 === "auths"))){
errors = (vErrors ??= []).push(refusal(instancePath,"additionalProperties",{additionalProperty: key0},schema11,data));
}
}
if(data.spec !== undefined){
if(!(validate29(data.spec, instancePath+"/spec"))){
errors = (vErrors = joined(vErrors, validate29)).length;
}
}
if(data.dockerfile !== undefined){
if(!(validate23(data.dockerfile, instancePath+"/dockerfile"))){
errors = (vErrors = joined(vErrors, validate23)).length;
}
}
if(data.dockerfileName !== undefined){
if(!(validate23(data.dockerfileName, instancePath+"/dockerfileName"))){
errors = (vErrors = joined(vErrors, validate23)).length;
}
}
if(data.tags !== undefined){
if(!(validate38(data.tags, instancePath+"/tags"))){
errors = (vErrors = joined(vErrors, validate38)).length;
}
}
if(data.secrets !== undefined){
if(!(validate33(data.secrets, instancePath+"/secrets"))){
errors = (vErrors = joined(vErrors, validate33)).length;
}
}
if(data.auths !== undefined){
let data5 = data.auths;
if(data5 && typeof data5 == "object" && !Array.isArray(data5)){
for(const key1 in data5){
if(errors >= 64) break;
if(!(validate54(data5[key1], instancePath+"/auths/" + key1.replace(/~/g, "~0").replace(/\//g, "~1")))){
errors = (vErrors = joined(vErrors, validate54)).length;
}
}
}
else {
errors = (vErrors ??= []).push(refusal(instancePath+"/auths","type",{type: "object"},schema11.properties.auths,data5));
}
}
}
else {
errors = (vErrors ??= []).push(refusal(instancePath,"type",{type: "object"},schema11,data));
}
validate28.errors = vErrors;
return errors === 0;
}


function validate25(data, instancePath=""){
let vErrors = null;
let errors = 0;
if(data && typeof data == "object" && !Array.isArray(data)){
for(const prop0 of schema9.required){
if(data[prop0] === undefined){
errors = (vErrors ??= []).push(refusal(instancePath,"required",{missingProperty: prop0},schema9,data));
}
}
for(const key0 in data){
if(errors >= 64) break;
if(!((key0 === "context") || (key0 === "options"))){
errors = (vErrors ??= []).push(refusal(instancePath,"additionalProperties",{additionalProperty: key0},schema9,data));
}
}
if(data.context !== undefined){
if(!(validate26(data.context, instancePath+"/context"))){
errors = (vErrors = joined(vErrors, validate26)).length;
}
}
if(data.options !== undefined){
if(!(validate28(data.options, instancePath+"/options"))){
errors = (vErrors = joined(vErrors, validate28)).length;
}
}
}
else {
errors = (vErrors ??= []).push(refusal(instancePath,"type",{type: "object"},schema9,data));
}
validate25.errors = vErrors;
return errors === 0;
}

export const ContextRequest = validate60;
const schema18 = {"type":"object","additionalProperties":false,"required":["key","files"],"properties":{"key":{"$ref":"#/$defs/Text"},"files":{"type":"array","items":{"$ref":"#/$defs/ContextFile"}}}};
const schema19 = {"type":"object","additionalProperties":false,"required":["path","type","mode","size","mtimeMs","fingerprint"],"properties":{"path":{"$ref":"#/$defs/Text"},"type":{"enum":["file","directory","symlink"]},"mode":{"$ref":"#/$defs/Mode"},"size":{"$ref":"#/$defs/Size"},"mtimeMs":{"$ref":"#/$defs/Time"},"linkname":{"$ref":"#/$defs/Text"},"fingerprint":{"$ref":"#/$defs/Text"}}};
const schema20 = {"type":"integer","minimum":0,"maximum":4095};

function validate64(data, instancePath=""){
let vErrors = null;
let errors = 0;
if(!(((typeof data == "number") && (!(data % 1) && !isNaN(data))) && (isFinite(data)))){
errors = (vErrors ??= []).push(refusal(instancePath,"type",{type: "integer"},schema20,data));
}
if((typeof data == "number") && (isFinite(data))){
if(data > 4095 || isNaN(data)){
errors = (vErrors ??= []).push(refusal(instancePath,"maximum",{comparison: "<=", limit: 4095},schema20,data));
}
if(data < 0 || isNaN(data)){
errors = (vErrors ??= []).push(refusal(instancePath,"minimum",{comparison: ">=", limit: 0},schema20,data));
}
}
validate64.errors = vErrors;
return errors === 0;
}

const schema21 = {"type":"number"};

function validate67(data, instancePath=""){
let vErrors = null;
let errors = 0;
if(!((typeof data == "number") && (isFinite(data)))){
errors = (vErrors ??= []).push(refusal(instancePath,"type",{type: "number"},schema21,data));
}
validate67.errors = vErrors;
return errors === 0;
}


function validate62(data, instancePath=""){
let vErrors = null;
let errors = 0;
if(data && typeof data == "object" && !Array.isArray(data)){
for(const prop0 of schema19.required){
if(data[prop0] === undefined){
errors = (vErrors ??= []).push(refusal(instancePath,"required",{missingProperty: prop0},schema19,data));
}
}
for(const key0 in data){
if(errors >= 64) break;
if(!(((((((key0 === "path") || (key0 === "type")) || (key0 === "mode")) || (key0 === "size")) || (key0 === "mtimeMs")) || (key0 === "linkname")) || (key0 === "fingerprint"))){
errors = (vErrors ??= []).push(refusal(instancePath,"additionalProperties",{additionalProperty: key0},schema19,data));
}
}
if(data.path !== undefined){
if(!(validate23(data.path, instancePath+"/path"))){
errors = (vErrors = joined(vErrors, validate23)).length;
}
}
if(data.type !== undefined){
let data1 = data.type;
if(!(((data1 === "file") || (data1 === "directory")) || (data1 === "symlink"))){
errors = (vErrors ??= []).push(refusal(instancePath+"/type","enum",{allowedValues: schema19.properties.type.enum},schema19.properties.type,data1));
}
}
if(data.mode !== undefined){
if(!(validate64(data.mode, instancePath+"/mode"))){
errors = (vErrors = joined(vErrors, validate64)).length;
}
}
if(data.size !== undefined){
if(!(validate43(data.size, instancePath+"/size"))){
errors = (vErrors = joined(vErrors, validate43)).length;
}
}
if(data.mtimeMs !== undefined){
if(!(validate67(data.mtimeMs, instancePath+"/mtimeMs"))){
errors = (vErrors = joined(vErrors, validate67)).length;
}
}
if(data.linkname !== undefined){
if(!(validate23(data.linkname, instancePath+"/linkname"))){
errors = (vErrors = joined(vErrors, validate23)).length;
}
}
if(data.fingerprint !== undefined){
if(!(validate23(data.fingerprint, instancePath+"/fingerprint"))){
errors = (vErrors = joined(vErrors, validate23)).length;
}
}
}
else {
errors = (vErrors ??= []).push(refusal(instancePath,"type",{type: "object"},schema19,data));
}
validate62.errors = vErrors;
return errors === 0;
}


function validate60(data, instancePath=""){
let vErrors = null;
let errors = 0;
if(data && typeof data == "object" && !Array.isArray(data)){
for(const prop0 of schema18.required){
if(data[prop0] === undefined){
errors = (vErrors ??= []).push(refusal(instancePath,"required",{missingProperty: prop0},schema18,data));
}
}
for(const key0 in data){
if(errors >= 64) break;
if(!((key0 === "key") || (key0 === "files"))){
errors = (vErrors ??= []).push(refusal(instancePath,"additionalProperties",{additionalProperty: key0},schema18,data));
}
}
if(data.key !== undefined){
if(!(validate23(data.key, instancePath+"/key"))){
errors = (vErrors = joined(vErrors, validate23)).length;
}
}
if(data.files !== undefined){
let data1 = data.files;
if(Array.isArray(data1)){
const len0 = data1.length;
for(let i0=0; i0<len0 && errors < 64; i0++){
if(!(validate62(data1[i0], instancePath+"/files/" + i0))){
errors = (vErrors = joined(vErrors, validate62)).length;
}
}
}
else {
errors = (vErrors ??= []).push(refusal(instancePath+"/files","type",{type: "array"},schema18.properties.files,data1));
}
}
}
else {
errors = (vErrors ??= []).push(refusal(instancePath,"type",{type: "object"},schema18,data));
}
validate60.errors = vErrors;
return errors === 0;
}

export const CreateContainer = validate72;
const schema22 = {"type":"object","additionalProperties":false,"required":["spec"],"properties":{"name":{"$ref":"#/$defs/Text"},"spec":{"$ref":"#/$defs/ContainerSpec"},"volumesFrom":{"type":"array","items":{"$ref":"#/$defs/VolumesFrom"}}}};
const schema23 = {"type":"object","additionalProperties":false,"required":["image"],"properties":{"image":{"$ref":"#/$defs/Text"},"imageId":{"$ref":"#/$defs/Text"},"platform":{"$ref":"#/$defs/Text"},"entrypoint":{"$ref":"#/$defs/Texts"},"command":{"$ref":"#/$defs/Texts"},"env":{"type":"object","additionalProperties":{"$ref":"#/$defs/TextOrNull"}},"workingDir":{"$ref":"#/$defs/Text"},"user":{"$ref":"#/$defs/Text"},"groupAdd":{"$ref":"#/$defs/Texts"},"hostname":{"$ref":"#/$defs/Text"},"domainname":{"$ref":"#/$defs/Text"},"labels":{"$ref":"#/$defs/TextMap"},"annotations":{"$ref":"#/$defs/TextMap"},"tty":{"type":"boolean"},"openStdin":{"type":"boolean"},"init":{"type":"boolean"},"readOnlyRoot":{"type":"boolean"},"stopSignal":{"$ref":"#/$defs/Text"},"stopGraceMs":{"$ref":"#/$defs/Milliseconds"},"capAdd":{"$ref":"#/$defs/Texts"},"capDrop":{"$ref":"#/$defs/Texts"},"privileged":{"type":"boolean"},"security":{"$ref":"#/$defs/Security"},"ulimits":{"type":"array","items":{"$ref":"#/$defs/Ulimit"}},"sysctls":{"$ref":"#/$defs/TextMap"},"devices":{"type":"array","items":{"$ref":"#/$defs/DeviceMapping"}},"deviceCgroupRules":{"$ref":"#/$defs/Texts"},"oomScoreAdj":{"type":"integer","minimum":-1000,"maximum":1000},"resources":{"$ref":"#/$defs/Resources"},"cgroupParent":{"$ref":"#/$defs/Text"},"mounts":{"type":"array","items":{"$ref":"#/$defs/Mount"}},"shmSizeBytes":{"$ref":"#/$defs/Size"},"networkMode":{"$ref":"#/$defs/NetworkMode"},"ports":{"type":"array","items":{"$ref":"#/$defs/PortBinding"}},"publishAll":{"type":"boolean"},"expose":{"$ref":"#/$defs/Texts"},"extraHosts":{"type":"array","items":{"$ref":"#/$defs/HostEntry"}},"dns":{"$ref":"#/$defs/Texts"},"dnsSearch":{"$ref":"#/$defs/Texts"},"dnsOptions":{"$ref":"#/$defs/Texts"},"pidMode":{"$ref":"#/$defs/NamespaceMode"},"ipcMode":{"$ref":"#/$defs/NamespaceMode"},"utsMode":{"$ref":"#/$defs/NamespaceMode"},"cgroupnsMode":{"$ref":"#/$defs/NamespaceMode"},"healthcheck":{"$ref":"#/$defs/Healthcheck"},"restart":{"$ref":"#/$defs/RestartPolicy"},"logging":{"$ref":"#/$defs/Logging"},"autoRemove":{"type":"boolean"}}};
const schema24 = {"type":"number"};

function validate89(data, instancePath=""){
let vErrors = null;
let errors = 0;
if(!((typeof data == "number") && (isFinite(data)))){
errors = (vErrors ??= []).push(refusal(instancePath,"type",{type: "number"},schema24,data));
}
validate89.errors = vErrors;
return errors === 0;
}

const schema25 = {"type":"object","additionalProperties":false,"properties":{"noNewPrivileges":{"type":"boolean"},"seccomp":{"$ref":"#/$defs/Text"},"apparmor":{"$ref":"#/$defs/Text"},"unmaskSystemPaths":{"type":"boolean"}}};

function validate93(data, instancePath=""){
let vErrors = null;
let errors = 0;
if(data && typeof data == "object" && !Array.isArray(data)){
for(const key0 in data){
if(errors >= 64) break;
if(!((((key0 === "noNewPrivileges") || (key0 === "seccomp")) || (key0 === "apparmor")) || (key0 === "unmaskSystemPaths"))){
errors = (vErrors ??= []).push(refusal(instancePath,"additionalProperties",{additionalProperty: key0},schema25,data));
}
}
if(data.noNewPrivileges !== undefined){
let data0 = data.noNewPrivileges;
if(typeof data0 !== "boolean"){
errors = (vErrors ??= []).push(refusal(instancePath+"/noNewPrivileges","type",{type: "boolean"},schema25.properties.noNewPrivileges,data0));
}
}
if(data.seccomp !== undefined){
if(!(validate23(data.seccomp, instancePath+"/seccomp"))){
errors = (vErrors = joined(vErrors, validate23)).length;
}
}
if(data.apparmor !== undefined){
if(!(validate23(data.apparmor, instancePath+"/apparmor"))){
errors = (vErrors = joined(vErrors, validate23)).length;
}
}
if(data.unmaskSystemPaths !== undefined){
let data3 = data.unmaskSystemPaths;
if(typeof data3 !== "boolean"){
errors = (vErrors ??= []).push(refusal(instancePath+"/unmaskSystemPaths","type",{type: "boolean"},schema25.properties.unmaskSystemPaths,data3));
}
}
}
else {
errors = (vErrors ??= []).push(refusal(instancePath,"type",{type: "object"},schema25,data));
}
validate93.errors = vErrors;
return errors === 0;
}

const schema26 = {"type":"object","additionalProperties":false,"required":["name","soft","hard"],"properties":{"name":{"$ref":"#/$defs/Text"},"soft":{"$ref":"#/$defs/Limit"},"hard":{"$ref":"#/$defs/Limit"}}};
const schema27 = {"type":"integer","minimum":-1,"maximum":9007199254740991};

function validate99(data, instancePath=""){
let vErrors = null;
let errors = 0;
if(!(((typeof data == "number") && (!(data % 1) && !isNaN(data))) && (isFinite(data)))){
errors = (vErrors ??= []).push(refusal(instancePath,"type",{type: "integer"},schema27,data));
}
if((typeof data == "number") && (isFinite(data))){
if(data > 9007199254740991 || isNaN(data)){
errors = (vErrors ??= []).push(refusal(instancePath,"maximum",{comparison: "<=", limit: 9007199254740991},schema27,data));
}
if(data < -1 || isNaN(data)){
errors = (vErrors ??= []).push(refusal(instancePath,"minimum",{comparison: ">=", limit: -1},schema27,data));
}
}
validate99.errors = vErrors;
return errors === 0;
}


function validate97(data, instancePath=""){
let vErrors = null;
let errors = 0;
if(data && typeof data == "object" && !Array.isArray(data)){
for(const prop0 of schema26.required){
if(data[prop0] === undefined){
errors = (vErrors ??= []).push(refusal(instancePath,"required",{missingProperty: prop0},schema26,data));
}
}
for(const key0 in data){
if(errors >= 64) break;
if(!(((key0 === "name") || (key0 === "soft")) || (key0 === "hard"))){
errors = (vErrors ??= []).push(refusal(instancePath,"additionalProperties",{additionalProperty: key0},schema26,data));
}
}
if(data.name !== undefined){
if(!(validate23(data.name, instancePath+"/name"))){
errors = (vErrors = joined(vErrors, validate23)).length;
}
}
if(data.soft !== undefined){
if(!(validate99(data.soft, instancePath+"/soft"))){
errors = (vErrors = joined(vErrors, validate99)).length;
}
}
if(data.hard !== undefined){
if(!(validate99(data.hard, instancePath+"/hard"))){
errors = (vErrors = joined(vErrors, validate99)).length;
}
}
}
else {
errors = (vErrors ??= []).push(refusal(instancePath,"type",{type: "object"},schema26,data));
}
validate97.errors = vErrors;
return errors === 0;
}

const schema28 = {"type":"object","additionalProperties":false,"required":["source","target","permissions"],"properties":{"source":{"$ref":"#/$defs/Text"},"target":{"$ref":"#/$defs/Text"},"permissions":{"$ref":"#/$defs/Text"}}};

function validate104(data, instancePath=""){
let vErrors = null;
let errors = 0;
if(data && typeof data == "object" && !Array.isArray(data)){
for(const prop0 of schema28.required){
if(data[prop0] === undefined){
errors = (vErrors ??= []).push(refusal(instancePath,"required",{missingProperty: prop0},schema28,data));
}
}
for(const key0 in data){
if(errors >= 64) break;
if(!(((key0 === "source") || (key0 === "target")) || (key0 === "permissions"))){
errors = (vErrors ??= []).push(refusal(instancePath,"additionalProperties",{additionalProperty: key0},schema28,data));
}
}
if(data.source !== undefined){
if(!(validate23(data.source, instancePath+"/source"))){
errors = (vErrors = joined(vErrors, validate23)).length;
}
}
if(data.target !== undefined){
if(!(validate23(data.target, instancePath+"/target"))){
errors = (vErrors = joined(vErrors, validate23)).length;
}
}
if(data.permissions !== undefined){
if(!(validate23(data.permissions, instancePath+"/permissions"))){
errors = (vErrors = joined(vErrors, validate23)).length;
}
}
}
else {
errors = (vErrors ??= []).push(refusal(instancePath,"type",{type: "object"},schema28,data));
}
validate104.errors = vErrors;
return errors === 0;
}

const schema29 = {"type":"object","additionalProperties":false,"properties":{"nanoCpus":{"$ref":"#/$defs/Size"},"cpuShares":{"$ref":"#/$defs/Size"},"cpuPeriodUs":{"$ref":"#/$defs/Size"},"cpuQuotaUs":{"$ref":"#/$defs/Limit"},"cpusetCpus":{"$ref":"#/$defs/Text"},"cpusetMems":{"$ref":"#/$defs/Text"},"memoryBytes":{"$ref":"#/$defs/Size"},"memoryReservationBytes":{"$ref":"#/$defs/Size"},"memorySwapBytes":{"$ref":"#/$defs/Limit"},"memorySwappiness":{"type":"integer","minimum":-1,"maximum":100},"oomKillDisable":{"type":"boolean"},"pidsMax":{"$ref":"#/$defs/Limit"},"blkioWeight":{"$ref":"#/$defs/Size"}}};

function validate110(data, instancePath=""){
let vErrors = null;
let errors = 0;
if(data && typeof data == "object" && !Array.isArray(data)){
for(const key0 in data){
if(errors >= 64) break;
if(!(func2.call(schema29.properties, key0))){
errors = (vErrors ??= []).push(refusal(instancePath,"additionalProperties",{additionalProperty: key0},schema29,data));
}
}
if(data.nanoCpus !== undefined){
if(!(validate43(data.nanoCpus, instancePath+"/nanoCpus"))){
errors = (vErrors = joined(vErrors, validate43)).length;
}
}
if(data.cpuShares !== undefined){
if(!(validate43(data.cpuShares, instancePath+"/cpuShares"))){
errors = (vErrors = joined(vErrors, validate43)).length;
}
}
if(data.cpuPeriodUs !== undefined){
if(!(validate43(data.cpuPeriodUs, instancePath+"/cpuPeriodUs"))){
errors = (vErrors = joined(vErrors, validate43)).length;
}
}
if(data.cpuQuotaUs !== undefined){
if(!(validate99(data.cpuQuotaUs, instancePath+"/cpuQuotaUs"))){
errors = (vErrors = joined(vErrors, validate99)).length;
}
}
if(data.cpusetCpus !== undefined){
if(!(validate23(data.cpusetCpus, instancePath+"/cpusetCpus"))){
errors = (vErrors = joined(vErrors, validate23)).length;
}
}
if(data.cpusetMems !== undefined){
if(!(validate23(data.cpusetMems, instancePath+"/cpusetMems"))){
errors = (vErrors = joined(vErrors, validate23)).length;
}
}
if(data.memoryBytes !== undefined){
if(!(validate43(data.memoryBytes, instancePath+"/memoryBytes"))){
errors = (vErrors = joined(vErrors, validate43)).length;
}
}
if(data.memoryReservationBytes !== undefined){
if(!(validate43(data.memoryReservationBytes, instancePath+"/memoryReservationBytes"))){
errors = (vErrors = joined(vErrors, validate43)).length;
}
}
if(data.memorySwapBytes !== undefined){
if(!(validate99(data.memorySwapBytes, instancePath+"/memorySwapBytes"))){
errors = (vErrors = joined(vErrors, validate99)).length;
}
}
if(data.memorySwappiness !== undefined){
let data9 = data.memorySwappiness;
if(!(((typeof data9 == "number") && (!(data9 % 1) && !isNaN(data9))) && (isFinite(data9)))){
errors = (vErrors ??= []).push(refusal(instancePath+"/memorySwappiness","type",{type: "integer"},schema29.properties.memorySwappiness,data9));
}
if((typeof data9 == "number") && (isFinite(data9))){
if(data9 > 100 || isNaN(data9)){
errors = (vErrors ??= []).push(refusal(instancePath+"/memorySwappiness","maximum",{comparison: "<=", limit: 100},schema29.properties.memorySwappiness,data9));
}
if(data9 < -1 || isNaN(data9)){
errors = (vErrors ??= []).push(refusal(instancePath+"/memorySwappiness","minimum",{comparison: ">=", limit: -1},schema29.properties.memorySwappiness,data9));
}
}
}
if(data.oomKillDisable !== undefined){
let data10 = data.oomKillDisable;
if(typeof data10 !== "boolean"){
errors = (vErrors ??= []).push(refusal(instancePath+"/oomKillDisable","type",{type: "boolean"},schema29.properties.oomKillDisable,data10));
}
}
if(data.pidsMax !== undefined){
if(!(validate99(data.pidsMax, instancePath+"/pidsMax"))){
errors = (vErrors = joined(vErrors, validate99)).length;
}
}
if(data.blkioWeight !== undefined){
if(!(validate43(data.blkioWeight, instancePath+"/blkioWeight"))){
errors = (vErrors = joined(vErrors, validate43)).length;
}
}
}
else {
errors = (vErrors ??= []).push(refusal(instancePath,"type",{type: "object"},schema29,data));
}
validate110.errors = vErrors;
return errors === 0;
}

const schema30 = {"type":"object","required":["type"],"properties":{"type":{"enum":["bind","volume","tmpfs","secret","config"]}},"discriminator":{"propertyName":"type"},"oneOf":[{"$ref":"#/$defs/BindMount"},{"$ref":"#/$defs/VolumeMount"},{"$ref":"#/$defs/TmpfsMount"},{"$ref":"#/$defs/FileMount"}]};
const schema31 = {"type":"object","additionalProperties":false,"required":["type","source","target"],"properties":{"type":{"const":"bind"},"source":{"$ref":"#/$defs/Text"},"target":{"$ref":"#/$defs/Text"},"readOnly":{"type":"boolean"},"propagation":{"enum":["private","rprivate","shared","rshared","slave","rslave"]},"createHostPath":{"type":"boolean"},"recursive":{"type":"boolean"}}};

function validate125(data, instancePath=""){
let vErrors = null;
let errors = 0;
if(data && typeof data == "object" && !Array.isArray(data)){
for(const prop0 of schema31.required){
if(data[prop0] === undefined){
errors = (vErrors ??= []).push(refusal(instancePath,"required",{missingProperty: prop0},schema31,data));
}
}
for(const key0 in data){
if(errors >= 64) break;
if(!(((((((key0 === "type") || (key0 === "source")) || (key0 === "target")) || (key0 === "readOnly")) || (key0 === "propagation")) || (key0 === "createHostPath")) || (key0 === "recursive"))){
errors = (vErrors ??= []).push(refusal(instancePath,"additionalProperties",{additionalProperty: key0},schema31,data));
}
}
if(data.type !== undefined){
let data0 = data.type;
if("bind" !== data0){
errors = (vErrors ??= []).push(refusal(instancePath+"/type","const",{allowedValue: "bind"},schema31.properties.type,data0));
}
}
if(data.source !== undefined){
if(!(validate23(data.source, instancePath+"/source"))){
errors = (vErrors = joined(vErrors, validate23)).length;
}
}
if(data.target !== undefined){
if(!(validate23(data.target, instancePath+"/target"))){
errors = (vErrors = joined(vErrors, validate23)).length;
}
}
if(data.readOnly !== undefined){
let data3 = data.readOnly;
if(typeof data3 !== "boolean"){
errors = (vErrors ??= []).push(refusal(instancePath+"/readOnly","type",{type: "boolean"},schema31.properties.readOnly,data3));
}
}
if(data.propagation !== undefined){
let data4 = data.propagation;
if(!((((((data4 === "private") || (data4 === "rprivate")) || (data4 === "shared")) || (data4 === "rshared")) || (data4 === "slave")) || (data4 === "rslave"))){
errors = (vErrors ??= []).push(refusal(instancePath+"/propagation","enum",{allowedValues: schema31.properties.propagation.enum},schema31.properties.propagation,data4));
}
}
if(data.createHostPath !== undefined){
let data5 = data.createHostPath;
if(typeof data5 !== "boolean"){
errors = (vErrors ??= []).push(refusal(instancePath+"/createHostPath","type",{type: "boolean"},schema31.properties.createHostPath,data5));
}
}
if(data.recursive !== undefined){
let data6 = data.recursive;
if(typeof data6 !== "boolean"){
errors = (vErrors ??= []).push(refusal(instancePath+"/recursive","type",{type: "boolean"},schema31.properties.recursive,data6));
}
}
}
else {
errors = (vErrors ??= []).push(refusal(instancePath,"type",{type: "object"},schema31,data));
}
validate125.errors = vErrors;
return errors === 0;
}

const schema32 = {"type":"object","additionalProperties":false,"required":["type","target"],"properties":{"type":{"const":"volume"},"source":{"$ref":"#/$defs/Text"},"target":{"$ref":"#/$defs/Text"},"readOnly":{"type":"boolean"},"nocopy":{"type":"boolean"},"subpath":{"$ref":"#/$defs/Text"}}};

function validate128(data, instancePath=""){
let vErrors = null;
let errors = 0;
if(data && typeof data == "object" && !Array.isArray(data)){
for(const prop0 of schema32.required){
if(data[prop0] === undefined){
errors = (vErrors ??= []).push(refusal(instancePath,"required",{missingProperty: prop0},schema32,data));
}
}
for(const key0 in data){
if(errors >= 64) break;
if(!((((((key0 === "type") || (key0 === "source")) || (key0 === "target")) || (key0 === "readOnly")) || (key0 === "nocopy")) || (key0 === "subpath"))){
errors = (vErrors ??= []).push(refusal(instancePath,"additionalProperties",{additionalProperty: key0},schema32,data));
}
}
if(data.type !== undefined){
let data0 = data.type;
if("volume" !== data0){
errors = (vErrors ??= []).push(refusal(instancePath+"/type","const",{allowedValue: "volume"},schema32.properties.type,data0));
}
}
if(data.source !== undefined){
if(!(validate23(data.source, instancePath+"/source"))){
errors = (vErrors = joined(vErrors, validate23)).length;
}
}
if(data.target !== undefined){
if(!(validate23(data.target, instancePath+"/target"))){
errors = (vErrors = joined(vErrors, validate23)).length;
}
}
if(data.readOnly !== undefined){
let data3 = data.readOnly;
if(typeof data3 !== "boolean"){
errors = (vErrors ??= []).push(refusal(instancePath+"/readOnly","type",{type: "boolean"},schema32.properties.readOnly,data3));
}
}
if(data.nocopy !== undefined){
let data4 = data.nocopy;
if(typeof data4 !== "boolean"){
errors = (vErrors ??= []).push(refusal(instancePath+"/nocopy","type",{type: "boolean"},schema32.properties.nocopy,data4));
}
}
if(data.subpath !== undefined){
if(!(validate23(data.subpath, instancePath+"/subpath"))){
errors = (vErrors = joined(vErrors, validate23)).length;
}
}
}
else {
errors = (vErrors ??= []).push(refusal(instancePath,"type",{type: "object"},schema32,data));
}
validate128.errors = vErrors;
return errors === 0;
}

const schema33 = {"type":"object","additionalProperties":false,"required":["type","target"],"properties":{"type":{"const":"tmpfs"},"target":{"$ref":"#/$defs/Text"},"sizeBytes":{"$ref":"#/$defs/Size"},"mode":{"$ref":"#/$defs/Mode"},"readOnly":{"type":"boolean"},"options":{"$ref":"#/$defs/Texts"}}};

function validate132(data, instancePath=""){
let vErrors = null;
let errors = 0;
if(data && typeof data == "object" && !Array.isArray(data)){
for(const prop0 of schema33.required){
if(data[prop0] === undefined){
errors = (vErrors ??= []).push(refusal(instancePath,"required",{missingProperty: prop0},schema33,data));
}
}
for(const key0 in data){
if(errors >= 64) break;
if(!((((((key0 === "type") || (key0 === "target")) || (key0 === "sizeBytes")) || (key0 === "mode")) || (key0 === "readOnly")) || (key0 === "options"))){
errors = (vErrors ??= []).push(refusal(instancePath,"additionalProperties",{additionalProperty: key0},schema33,data));
}
}
if(data.type !== undefined){
let data0 = data.type;
if("tmpfs" !== data0){
errors = (vErrors ??= []).push(refusal(instancePath+"/type","const",{allowedValue: "tmpfs"},schema33.properties.type,data0));
}
}
if(data.target !== undefined){
if(!(validate23(data.target, instancePath+"/target"))){
errors = (vErrors = joined(vErrors, validate23)).length;
}
}
if(data.sizeBytes !== undefined){
if(!(validate43(data.sizeBytes, instancePath+"/sizeBytes"))){
errors = (vErrors = joined(vErrors, validate43)).length;
}
}
if(data.mode !== undefined){
if(!(validate64(data.mode, instancePath+"/mode"))){
errors = (vErrors = joined(vErrors, validate64)).length;
}
}
if(data.readOnly !== undefined){
let data4 = data.readOnly;
if(typeof data4 !== "boolean"){
errors = (vErrors ??= []).push(refusal(instancePath+"/readOnly","type",{type: "boolean"},schema33.properties.readOnly,data4));
}
}
if(data.options !== undefined){
if(!(validate38(data.options, instancePath+"/options"))){
errors = (vErrors = joined(vErrors, validate38)).length;
}
}
}
else {
errors = (vErrors ??= []).push(refusal(instancePath,"type",{type: "object"},schema33,data));
}
validate132.errors = vErrors;
return errors === 0;
}

const schema34 = {"type":"object","additionalProperties":false,"required":["type","source","target"],"properties":{"type":{"enum":["secret","config"]},"source":{"$ref":"#/$defs/Text"},"target":{"$ref":"#/$defs/Text"},"uid":{"$ref":"#/$defs/Size"},"gid":{"$ref":"#/$defs/Size"},"mode":{"$ref":"#/$defs/Mode"}}};

function validate137(data, instancePath=""){
let vErrors = null;
let errors = 0;
if(data && typeof data == "object" && !Array.isArray(data)){
for(const prop0 of schema34.required){
if(data[prop0] === undefined){
errors = (vErrors ??= []).push(refusal(instancePath,"required",{missingProperty: prop0},schema34,data));
}
}
for(const key0 in data){
if(errors >= 64) break;
if(!((((((key0 === "type") || (key0 === "source")) || (key0 === "target")) || (key0 === "uid")) || (key0 === "gid")) || (key0 === "mode"))){
errors = (vErrors ??= []).push(refusal(instancePath,"additionalProperties",{additionalProperty: key0},schema34,data));
}
}
if(data.type !== undefined){
let data0 = data.type;
if(!((data0 === "secret") || (data0 === "config"))){
errors = (vErrors ??= []).push(refusal(instancePath+"/type","enum",{allowedValues: schema34.properties.type.enum},schema34.properties.type,data0));
}
}
if(data.source !== undefined){
if(!(validate23(data.source, instancePath+"/source"))){
errors = (vErrors = joined(vErrors, validate23)).length;
}
}
if(data.target !== undefined){
if(!(validate23(data.target, instancePath+"/target"))){
errors = (vErrors = joined(vErrors, validate23)).length;
}
}
if(data.uid !== undefined){
if(!(validate43(data.uid, instancePath+"/uid"))){
errors = (vErrors = joined(vErrors, validate43)).length;
}
}
if(data.gid !== undefined){
if(!(validate43(data.gid, instancePath+"/gid"))){
errors = (vErrors = joined(vErrors, validate43)).length;
}
}
if(data.mode !== undefined){
if(!(validate64(data.mode, instancePath+"/mode"))){
errors = (vErrors = joined(vErrors, validate64)).length;
}
}
}
else {
errors = (vErrors ??= []).push(refusal(instancePath,"type",{type: "object"},schema34,data));
}
validate137.errors = vErrors;
return errors === 0;
}


function validate124(data, instancePath=""){
let vErrors = null;
let errors = 0;
if(data && typeof data == "object" && !Array.isArray(data)){
for(const prop0 of schema30.required){
if(data[prop0] === undefined){
errors = (vErrors ??= []).push(refusal(instancePath,"required",{missingProperty: prop0},schema30,data));
}
}
if(data.type !== undefined){
let data0 = data.type;
if(!(((((data0 === "bind") || (data0 === "volume")) || (data0 === "tmpfs")) || (data0 === "secret")) || (data0 === "config"))){
errors = (vErrors ??= []).push(refusal(instancePath+"/type","enum",{allowedValues: schema30.properties.type.enum},schema30.properties.type,data0));
}
}
const tag0 = data.type;
if(typeof tag0 == "string"){
if(tag0 === "bind"){
if(!(validate125(data, instancePath))){
errors = (vErrors = joined(vErrors, validate125)).length;
}
}
else if(tag0 === "volume"){
if(!(validate128(data, instancePath))){
errors = (vErrors = joined(vErrors, validate128)).length;
}
}
else if(tag0 === "tmpfs"){
if(!(validate132(data, instancePath))){
errors = (vErrors = joined(vErrors, validate132)).length;
}
}
else if(tag0 === "secret"){
if(!(validate137(data, instancePath))){
errors = (vErrors = joined(vErrors, validate137)).length;
}
}
else if(tag0 === "config"){
if(!(validate137(data, instancePath))){
errors = (vErrors = joined(vErrors, validate137)).length;
}
}
else {
errors = (vErrors ??= []).push(refusal(instancePath,"discriminator",{error: "mapping", tag: "type", tagValue: tag0},schema30,data));
}
}
else {
errors = (vErrors ??= []).push(refusal(instancePath,"discriminator",{error: "tag", tag: "type", tagValue: tag0},schema30,data));
}
}
else {
errors = (vErrors ??= []).push(refusal(instancePath,"type",{type: "object"},schema30,data));
}
validate124.errors = vErrors;
return errors === 0;
}

const schema35 = {"type":"object","required":["kind"],"properties":{"kind":{"enum":["networks","none","host","service","container"]}},"discriminator":{"propertyName":"kind"},"oneOf":[{"type":"object","additionalProperties":false,"required":["kind","attachments"],"properties":{"kind":{"const":"networks"},"attachments":{"type":"array","items":{"$ref":"#/$defs/NetworkAttachment"}}}},{"type":"object","additionalProperties":false,"required":["kind"],"properties":{"kind":{"const":"none"}}},{"type":"object","additionalProperties":false,"required":["kind"],"properties":{"kind":{"const":"host"}}},{"type":"object","additionalProperties":false,"required":["kind","service"],"properties":{"kind":{"const":"service"},"service":{"$ref":"#/$defs/Text"}}},{"type":"object","additionalProperties":false,"required":["kind","container"],"properties":{"kind":{"const":"container"},"container":{"$ref":"#/$defs/Text"}}}]};
const schema36 = {"type":"object","additionalProperties":false,"required":["network"],"properties":{"network":{"$ref":"#/$defs/Text"},"aliases":{"$ref":"#/$defs/Texts"},"ipv4":{"$ref":"#/$defs/Text"},"ipv6":{"$ref":"#/$defs/Text"},"mac":{"$ref":"#/$defs/Text"},"gatewayPriority":{"type":"integer","minimum":-9007199254740991,"maximum":9007199254740991}}};

function validate151(data, instancePath=""){
let vErrors = null;
let errors = 0;
if(data && typeof data == "object" && !Array.isArray(data)){
for(const prop0 of schema36.required){
if(data[prop0] === undefined){
errors = (vErrors ??= []).push(refusal(instancePath,"required",{missingProperty: prop0},schema36,data));
}
}
for(const key0 in data){
if(errors >= 64) break;
if(!((((((key0 === "network") || (key0 === "aliases")) || (key0 === "ipv4")) || (key0 === "ipv6")) || (key0 === "mac")) || (key0 === "gatewayPriority"))){
errors = (vErrors ??= []).push(refusal(instancePath,"additionalProperties",{additionalProperty: key0},schema36,data));
}
}
if(data.network !== undefined){
if(!(validate23(data.network, instancePath+"/network"))){
errors = (vErrors = joined(vErrors, validate23)).length;
}
}
if(data.aliases !== undefined){
if(!(validate38(data.aliases, instancePath+"/aliases"))){
errors = (vErrors = joined(vErrors, validate38)).length;
}
}
if(data.ipv4 !== undefined){
if(!(validate23(data.ipv4, instancePath+"/ipv4"))){
errors = (vErrors = joined(vErrors, validate23)).length;
}
}
if(data.ipv6 !== undefined){
if(!(validate23(data.ipv6, instancePath+"/ipv6"))){
errors = (vErrors = joined(vErrors, validate23)).length;
}
}
if(data.mac !== undefined){
if(!(validate23(data.mac, instancePath+"/mac"))){
errors = (vErrors = joined(vErrors, validate23)).length;
}
}
if(data.gatewayPriority !== undefined){
let data5 = data.gatewayPriority;
if(!(((typeof data5 == "number") && (!(data5 % 1) && !isNaN(data5))) && (isFinite(data5)))){
errors = (vErrors ??= []).push(refusal(instancePath+"/gatewayPriority","type",{type: "integer"},schema36.properties.gatewayPriority,data5));
}
if((typeof data5 == "number") && (isFinite(data5))){
if(data5 > 9007199254740991 || isNaN(data5)){
errors = (vErrors ??= []).push(refusal(instancePath+"/gatewayPriority","maximum",{comparison: "<=", limit: 9007199254740991},schema36.properties.gatewayPriority,data5));
}
if(data5 < -9007199254740991 || isNaN(data5)){
errors = (vErrors ??= []).push(refusal(instancePath+"/gatewayPriority","minimum",{comparison: ">=", limit: -9007199254740991},schema36.properties.gatewayPriority,data5));
}
}
}
}
else {
errors = (vErrors ??= []).push(refusal(instancePath,"type",{type: "object"},schema36,data));
}
validate151.errors = vErrors;
return errors === 0;
}


function validate150(data, instancePath=""){
let vErrors = null;
let errors = 0;
if(data && typeof data == "object" && !Array.isArray(data)){
for(const prop0 of schema35.required){
if(data[prop0] === undefined){
errors = (vErrors ??= []).push(refusal(instancePath,"required",{missingProperty: prop0},schema35,data));
}
}
if(data.kind !== undefined){
let data0 = data.kind;
if(!(((((data0 === "networks") || (data0 === "none")) || (data0 === "host")) || (data0 === "service")) || (data0 === "container"))){
errors = (vErrors ??= []).push(refusal(instancePath+"/kind","enum",{allowedValues: schema35.properties.kind.enum},schema35.properties.kind,data0));
}
}
const tag0 = data.kind;
if(typeof tag0 == "string"){
if(tag0 === "networks"){
if(data && typeof data == "object" && !Array.isArray(data)){
for(const prop1 of schema35.oneOf[0].required){
if(data[prop1] === undefined){
errors = (vErrors ??= []).push(refusal(instancePath,"required",{missingProperty: prop1},schema35.oneOf[0],data));
}
}
for(const key0 in data){
if(errors >= 64) break;
if(!((key0 === "kind") || (key0 === "attachments"))){
errors = (vErrors ??= []).push(refusal(instancePath,"additionalProperties",{additionalProperty: key0},schema35.oneOf[0],data));
}
}
if(data.kind !== undefined){
let data1 = data.kind;
if("networks" !== data1){
errors = (vErrors ??= []).push(refusal(instancePath+"/kind","const",{allowedValue: "networks"},schema35.oneOf[0].properties.kind,data1));
}
}
if(data.attachments !== undefined){
let data2 = data.attachments;
if(Array.isArray(data2)){
const len0 = data2.length;
for(let i0=0; i0<len0 && errors < 64; i0++){
if(!(validate151(data2[i0], instancePath+"/attachments/" + i0))){
errors = (vErrors = joined(vErrors, validate151)).length;
}
}
}
else {
errors = (vErrors ??= []).push(refusal(instancePath+"/attachments","type",{type: "array"},schema35.oneOf[0].properties.attachments,data2));
}
}
}
else {
errors = (vErrors ??= []).push(refusal(instancePath,"type",{type: "object"},schema35.oneOf[0],data));
}
}
else if(tag0 === "none"){
if(data && typeof data == "object" && !Array.isArray(data)){
for(const prop2 of schema35.oneOf[1].required){
if(data[prop2] === undefined){
errors = (vErrors ??= []).push(refusal(instancePath,"required",{missingProperty: prop2},schema35.oneOf[1],data));
}
}
for(const key1 in data){
if(errors >= 64) break;
if(!(key1 === "kind")){
errors = (vErrors ??= []).push(refusal(instancePath,"additionalProperties",{additionalProperty: key1},schema35.oneOf[1],data));
}
}
if(data.kind !== undefined){
let data4 = data.kind;
if("none" !== data4){
errors = (vErrors ??= []).push(refusal(instancePath+"/kind","const",{allowedValue: "none"},schema35.oneOf[1].properties.kind,data4));
}
}
}
else {
errors = (vErrors ??= []).push(refusal(instancePath,"type",{type: "object"},schema35.oneOf[1],data));
}
}
else if(tag0 === "host"){
if(data && typeof data == "object" && !Array.isArray(data)){
for(const prop3 of schema35.oneOf[2].required){
if(data[prop3] === undefined){
errors = (vErrors ??= []).push(refusal(instancePath,"required",{missingProperty: prop3},schema35.oneOf[2],data));
}
}
for(const key2 in data){
if(errors >= 64) break;
if(!(key2 === "kind")){
errors = (vErrors ??= []).push(refusal(instancePath,"additionalProperties",{additionalProperty: key2},schema35.oneOf[2],data));
}
}
if(data.kind !== undefined){
let data5 = data.kind;
if("host" !== data5){
errors = (vErrors ??= []).push(refusal(instancePath+"/kind","const",{allowedValue: "host"},schema35.oneOf[2].properties.kind,data5));
}
}
}
else {
errors = (vErrors ??= []).push(refusal(instancePath,"type",{type: "object"},schema35.oneOf[2],data));
}
}
else if(tag0 === "service"){
if(data && typeof data == "object" && !Array.isArray(data)){
for(const prop4 of schema35.oneOf[3].required){
if(data[prop4] === undefined){
errors = (vErrors ??= []).push(refusal(instancePath,"required",{missingProperty: prop4},schema35.oneOf[3],data));
}
}
for(const key3 in data){
if(errors >= 64) break;
if(!((key3 === "kind") || (key3 === "service"))){
errors = (vErrors ??= []).push(refusal(instancePath,"additionalProperties",{additionalProperty: key3},schema35.oneOf[3],data));
}
}
if(data.kind !== undefined){
let data6 = data.kind;
if("service" !== data6){
errors = (vErrors ??= []).push(refusal(instancePath+"/kind","const",{allowedValue: "service"},schema35.oneOf[3].properties.kind,data6));
}
}
if(data.service !== undefined){
if(!(validate23(data.service, instancePath+"/service"))){
errors = (vErrors = joined(vErrors, validate23)).length;
}
}
}
else {
errors = (vErrors ??= []).push(refusal(instancePath,"type",{type: "object"},schema35.oneOf[3],data));
}
}
else if(tag0 === "container"){
if(data && typeof data == "object" && !Array.isArray(data)){
for(const prop5 of schema35.oneOf[4].required){
if(data[prop5] === undefined){
errors = (vErrors ??= []).push(refusal(instancePath,"required",{missingProperty: prop5},schema35.oneOf[4],data));
}
}
for(const key4 in data){
if(errors >= 64) break;
if(!((key4 === "kind") || (key4 === "container"))){
errors = (vErrors ??= []).push(refusal(instancePath,"additionalProperties",{additionalProperty: key4},schema35.oneOf[4],data));
}
}
if(data.kind !== undefined){
let data8 = data.kind;
if("container" !== data8){
errors = (vErrors ??= []).push(refusal(instancePath+"/kind","const",{allowedValue: "container"},schema35.oneOf[4].properties.kind,data8));
}
}
if(data.container !== undefined){
if(!(validate23(data.container, instancePath+"/container"))){
errors = (vErrors = joined(vErrors, validate23)).length;
}
}
}
else {
errors = (vErrors ??= []).push(refusal(instancePath,"type",{type: "object"},schema35.oneOf[4],data));
}
}
else {
errors = (vErrors ??= []).push(refusal(instancePath,"discriminator",{error: "mapping", tag: "kind", tagValue: tag0},schema35,data));
}
}
else {
errors = (vErrors ??= []).push(refusal(instancePath,"discriminator",{error: "tag", tag: "kind", tagValue: tag0},schema35,data));
}
}
else {
errors = (vErrors ??= []).push(refusal(instancePath,"type",{type: "object"},schema35,data));
}
validate150.errors = vErrors;
return errors === 0;
}

const schema37 = {"type":"object","additionalProperties":false,"required":["containerPort","protocol"],"properties":{"containerPort":{"type":"integer","minimum":1,"maximum":65535},"protocol":{"enum":["tcp","udp"]},"hostIp":{"$ref":"#/$defs/Text"},"hostPort":{"type":"integer","minimum":0,"maximum":65535}}};

function validate161(data, instancePath=""){
let vErrors = null;
let errors = 0;
if(data && typeof data == "object" && !Array.isArray(data)){
for(const prop0 of schema37.required){
if(data[prop0] === undefined){
errors = (vErrors ??= []).push(refusal(instancePath,"required",{missingProperty: prop0},schema37,data));
}
}
for(const key0 in data){
if(errors >= 64) break;
if(!((((key0 === "containerPort") || (key0 === "protocol")) || (key0 === "hostIp")) || (key0 === "hostPort"))){
errors = (vErrors ??= []).push(refusal(instancePath,"additionalProperties",{additionalProperty: key0},schema37,data));
}
}
if(data.containerPort !== undefined){
let data0 = data.containerPort;
if(!(((typeof data0 == "number") && (!(data0 % 1) && !isNaN(data0))) && (isFinite(data0)))){
errors = (vErrors ??= []).push(refusal(instancePath+"/containerPort","type",{type: "integer"},schema37.properties.containerPort,data0));
}
if((typeof data0 == "number") && (isFinite(data0))){
if(data0 > 65535 || isNaN(data0)){
errors = (vErrors ??= []).push(refusal(instancePath+"/containerPort","maximum",{comparison: "<=", limit: 65535},schema37.properties.containerPort,data0));
}
if(data0 < 1 || isNaN(data0)){
errors = (vErrors ??= []).push(refusal(instancePath+"/containerPort","minimum",{comparison: ">=", limit: 1},schema37.properties.containerPort,data0));
}
}
}
if(data.protocol !== undefined){
let data1 = data.protocol;
if(!((data1 === "tcp") || (data1 === "udp"))){
errors = (vErrors ??= []).push(refusal(instancePath+"/protocol","enum",{allowedValues: schema37.properties.protocol.enum},schema37.properties.protocol,data1));
}
}
if(data.hostIp !== undefined){
if(!(validate23(data.hostIp, instancePath+"/hostIp"))){
errors = (vErrors = joined(vErrors, validate23)).length;
}
}
if(data.hostPort !== undefined){
let data3 = data.hostPort;
if(!(((typeof data3 == "number") && (!(data3 % 1) && !isNaN(data3))) && (isFinite(data3)))){
errors = (vErrors ??= []).push(refusal(instancePath+"/hostPort","type",{type: "integer"},schema37.properties.hostPort,data3));
}
if((typeof data3 == "number") && (isFinite(data3))){
if(data3 > 65535 || isNaN(data3)){
errors = (vErrors ??= []).push(refusal(instancePath+"/hostPort","maximum",{comparison: "<=", limit: 65535},schema37.properties.hostPort,data3));
}
if(data3 < 0 || isNaN(data3)){
errors = (vErrors ??= []).push(refusal(instancePath+"/hostPort","minimum",{comparison: ">=", limit: 0},schema37.properties.hostPort,data3));
}
}
}
}
else {
errors = (vErrors ??= []).push(refusal(instancePath,"type",{type: "object"},schema37,data));
}
validate161.errors = vErrors;
return errors === 0;
}

const schema38 = {"type":"object","required":["kind"],"properties":{"kind":{"enum":["private","host","service","container"]}},"discriminator":{"propertyName":"kind"},"oneOf":[{"type":"object","additionalProperties":false,"required":["kind"],"properties":{"kind":{"const":"private"}}},{"type":"object","additionalProperties":false,"required":["kind"],"properties":{"kind":{"const":"host"}}},{"type":"object","additionalProperties":false,"required":["kind","service"],"properties":{"kind":{"const":"service"},"service":{"$ref":"#/$defs/Text"}}},{"type":"object","additionalProperties":false,"required":["kind","container"],"properties":{"kind":{"const":"container"},"container":{"$ref":"#/$defs/Text"}}}]};

function validate169(data, instancePath=""){
let vErrors = null;
let errors = 0;
if(data && typeof data == "object" && !Array.isArray(data)){
for(const prop0 of schema38.required){
if(data[prop0] === undefined){
errors = (vErrors ??= []).push(refusal(instancePath,"required",{missingProperty: prop0},schema38,data));
}
}
if(data.kind !== undefined){
let data0 = data.kind;
if(!((((data0 === "private") || (data0 === "host")) || (data0 === "service")) || (data0 === "container"))){
errors = (vErrors ??= []).push(refusal(instancePath+"/kind","enum",{allowedValues: schema38.properties.kind.enum},schema38.properties.kind,data0));
}
}
const tag0 = data.kind;
if(typeof tag0 == "string"){
if(tag0 === "private"){
if(data && typeof data == "object" && !Array.isArray(data)){
for(const prop1 of schema38.oneOf[0].required){
if(data[prop1] === undefined){
errors = (vErrors ??= []).push(refusal(instancePath,"required",{missingProperty: prop1},schema38.oneOf[0],data));
}
}
for(const key0 in data){
if(errors >= 64) break;
if(!(key0 === "kind")){
errors = (vErrors ??= []).push(refusal(instancePath,"additionalProperties",{additionalProperty: key0},schema38.oneOf[0],data));
}
}
if(data.kind !== undefined){
let data1 = data.kind;
if("private" !== data1){
errors = (vErrors ??= []).push(refusal(instancePath+"/kind","const",{allowedValue: "private"},schema38.oneOf[0].properties.kind,data1));
}
}
}
else {
errors = (vErrors ??= []).push(refusal(instancePath,"type",{type: "object"},schema38.oneOf[0],data));
}
}
else if(tag0 === "host"){
if(data && typeof data == "object" && !Array.isArray(data)){
for(const prop2 of schema38.oneOf[1].required){
if(data[prop2] === undefined){
errors = (vErrors ??= []).push(refusal(instancePath,"required",{missingProperty: prop2},schema38.oneOf[1],data));
}
}
for(const key1 in data){
if(errors >= 64) break;
if(!(key1 === "kind")){
errors = (vErrors ??= []).push(refusal(instancePath,"additionalProperties",{additionalProperty: key1},schema38.oneOf[1],data));
}
}
if(data.kind !== undefined){
let data2 = data.kind;
if("host" !== data2){
errors = (vErrors ??= []).push(refusal(instancePath+"/kind","const",{allowedValue: "host"},schema38.oneOf[1].properties.kind,data2));
}
}
}
else {
errors = (vErrors ??= []).push(refusal(instancePath,"type",{type: "object"},schema38.oneOf[1],data));
}
}
else if(tag0 === "service"){
if(data && typeof data == "object" && !Array.isArray(data)){
for(const prop3 of schema38.oneOf[2].required){
if(data[prop3] === undefined){
errors = (vErrors ??= []).push(refusal(instancePath,"required",{missingProperty: prop3},schema38.oneOf[2],data));
}
}
for(const key2 in data){
if(errors >= 64) break;
if(!((key2 === "kind") || (key2 === "service"))){
errors = (vErrors ??= []).push(refusal(instancePath,"additionalProperties",{additionalProperty: key2},schema38.oneOf[2],data));
}
}
if(data.kind !== undefined){
let data3 = data.kind;
if("service" !== data3){
errors = (vErrors ??= []).push(refusal(instancePath+"/kind","const",{allowedValue: "service"},schema38.oneOf[2].properties.kind,data3));
}
}
if(data.service !== undefined){
if(!(validate23(data.service, instancePath+"/service"))){
errors = (vErrors = joined(vErrors, validate23)).length;
}
}
}
else {
errors = (vErrors ??= []).push(refusal(instancePath,"type",{type: "object"},schema38.oneOf[2],data));
}
}
else if(tag0 === "container"){
if(data && typeof data == "object" && !Array.isArray(data)){
for(const prop4 of schema38.oneOf[3].required){
if(data[prop4] === undefined){
errors = (vErrors ??= []).push(refusal(instancePath,"required",{missingProperty: prop4},schema38.oneOf[3],data));
}
}
for(const key3 in data){
if(errors >= 64) break;
if(!((key3 === "kind") || (key3 === "container"))){
errors = (vErrors ??= []).push(refusal(instancePath,"additionalProperties",{additionalProperty: key3},schema38.oneOf[3],data));
}
}
if(data.kind !== undefined){
let data5 = data.kind;
if("container" !== data5){
errors = (vErrors ??= []).push(refusal(instancePath+"/kind","const",{allowedValue: "container"},schema38.oneOf[3].properties.kind,data5));
}
}
if(data.container !== undefined){
if(!(validate23(data.container, instancePath+"/container"))){
errors = (vErrors = joined(vErrors, validate23)).length;
}
}
}
else {
errors = (vErrors ??= []).push(refusal(instancePath,"type",{type: "object"},schema38.oneOf[3],data));
}
}
else {
errors = (vErrors ??= []).push(refusal(instancePath,"discriminator",{error: "mapping", tag: "kind", tagValue: tag0},schema38,data));
}
}
else {
errors = (vErrors ??= []).push(refusal(instancePath,"discriminator",{error: "tag", tag: "kind", tagValue: tag0},schema38,data));
}
}
else {
errors = (vErrors ??= []).push(refusal(instancePath,"type",{type: "object"},schema38,data));
}
validate169.errors = vErrors;
return errors === 0;
}

const schema39 = {"type":"object","additionalProperties":false,"properties":{"test":{"$ref":"#/$defs/Texts"},"intervalMs":{"$ref":"#/$defs/Milliseconds"},"timeoutMs":{"$ref":"#/$defs/Milliseconds"},"retries":{"$ref":"#/$defs/Size"},"startPeriodMs":{"$ref":"#/$defs/Milliseconds"},"startIntervalMs":{"$ref":"#/$defs/Milliseconds"}}};

function validate176(data, instancePath=""){
let vErrors = null;
let errors = 0;
if(data && typeof data == "object" && !Array.isArray(data)){
for(const key0 in data){
if(errors >= 64) break;
if(!((((((key0 === "test") || (key0 === "intervalMs")) || (key0 === "timeoutMs")) || (key0 === "retries")) || (key0 === "startPeriodMs")) || (key0 === "startIntervalMs"))){
errors = (vErrors ??= []).push(refusal(instancePath,"additionalProperties",{additionalProperty: key0},schema39,data));
}
}
if(data.test !== undefined){
if(!(validate38(data.test, instancePath+"/test"))){
errors = (vErrors = joined(vErrors, validate38)).length;
}
}
if(data.intervalMs !== undefined){
if(!(validate89(data.intervalMs, instancePath+"/intervalMs"))){
errors = (vErrors = joined(vErrors, validate89)).length;
}
}
if(data.timeoutMs !== undefined){
if(!(validate89(data.timeoutMs, instancePath+"/timeoutMs"))){
errors = (vErrors = joined(vErrors, validate89)).length;
}
}
if(data.retries !== undefined){
if(!(validate43(data.retries, instancePath+"/retries"))){
errors = (vErrors = joined(vErrors, validate43)).length;
}
}
if(data.startPeriodMs !== undefined){
if(!(validate89(data.startPeriodMs, instancePath+"/startPeriodMs"))){
errors = (vErrors = joined(vErrors, validate89)).length;
}
}
if(data.startIntervalMs !== undefined){
if(!(validate89(data.startIntervalMs, instancePath+"/startIntervalMs"))){
errors = (vErrors = joined(vErrors, validate89)).length;
}
}
}
else {
errors = (vErrors ??= []).push(refusal(instancePath,"type",{type: "object"},schema39,data));
}
validate176.errors = vErrors;
return errors === 0;
}

const schema40 = {"type":"object","additionalProperties":false,"required":["condition","delay"],"properties":{"condition":{"enum":["no","always","on-failure","unless-stopped","any"]},"maxAttempts":{"$ref":"#/$defs/Size"},"delay":{"type":"object","required":["kind"],"properties":{"kind":{"enum":["backoff","fixed"]}},"discriminator":{"propertyName":"kind"},"oneOf":[{"type":"object","additionalProperties":false,"required":["kind"],"properties":{"kind":{"const":"backoff"}}},{"type":"object","additionalProperties":false,"required":["kind","ms"],"properties":{"kind":{"const":"fixed"},"ms":{"$ref":"#/$defs/Milliseconds"}}}]},"windowMs":{"$ref":"#/$defs/Milliseconds"}}};

function validate184(data, instancePath=""){
let vErrors = null;
let errors = 0;
if(data && typeof data == "object" && !Array.isArray(data)){
for(const prop0 of schema40.required){
if(data[prop0] === undefined){
errors = (vErrors ??= []).push(refusal(instancePath,"required",{missingProperty: prop0},schema40,data));
}
}
for(const key0 in data){
if(errors >= 64) break;
if(!((((key0 === "condition") || (key0 === "maxAttempts")) || (key0 === "delay")) || (key0 === "windowMs"))){
errors = (vErrors ??= []).push(refusal(instancePath,"additionalProperties",{additionalProperty: key0},schema40,data));
}
}
if(data.condition !== undefined){
let data0 = data.condition;
if(!(((((data0 === "no") || (data0 === "always")) || (data0 === "on-failure")) || (data0 === "unless-stopped")) || (data0 === "any"))){
errors = (vErrors ??= []).push(refusal(instancePath+"/condition","enum",{allowedValues: schema40.properties.condition.enum},schema40.properties.condition,data0));
}
}
if(data.maxAttempts !== undefined){
if(!(validate43(data.maxAttempts, instancePath+"/maxAttempts"))){
errors = (vErrors = joined(vErrors, validate43)).length;
}
}
if(data.delay !== undefined){
let data2 = data.delay;
if(data2 && typeof data2 == "object" && !Array.isArray(data2)){
for(const prop1 of schema40.properties.delay.required){
if(data2[prop1] === undefined){
errors = (vErrors ??= []).push(refusal(instancePath+"/delay","required",{missingProperty: prop1},schema40.properties.delay,data2));
}
}
if(data2.kind !== undefined){
let data3 = data2.kind;
if(!((data3 === "backoff") || (data3 === "fixed"))){
errors = (vErrors ??= []).push(refusal(instancePath+"/delay/kind","enum",{allowedValues: schema40.properties.delay.properties.kind.enum},schema40.properties.delay.properties.kind,data3));
}
}
const tag0 = data2.kind;
if(typeof tag0 == "string"){
if(tag0 === "backoff"){
if(data2 && typeof data2 == "object" && !Array.isArray(data2)){
for(const prop2 of schema40.properties.delay.oneOf[0].required){
if(data2[prop2] === undefined){
errors = (vErrors ??= []).push(refusal(instancePath+"/delay","required",{missingProperty: prop2},schema40.properties.delay.oneOf[0],data2));
}
}
for(const key1 in data2){
if(errors >= 64) break;
if(!(key1 === "kind")){
errors = (vErrors ??= []).push(refusal(instancePath+"/delay","additionalProperties",{additionalProperty: key1},schema40.properties.delay.oneOf[0],data2));
}
}
if(data2.kind !== undefined){
let data4 = data2.kind;
if("backoff" !== data4){
errors = (vErrors ??= []).push(refusal(instancePath+"/delay/kind","const",{allowedValue: "backoff"},schema40.properties.delay.oneOf[0].properties.kind,data4));
}
}
}
else {
errors = (vErrors ??= []).push(refusal(instancePath+"/delay","type",{type: "object"},schema40.properties.delay.oneOf[0],data2));
}
}
else if(tag0 === "fixed"){
if(data2 && typeof data2 == "object" && !Array.isArray(data2)){
for(const prop3 of schema40.properties.delay.oneOf[1].required){
if(data2[prop3] === undefined){
errors = (vErrors ??= []).push(refusal(instancePath+"/delay","required",{missingProperty: prop3},schema40.properties.delay.oneOf[1],data2));
}
}
for(const key2 in data2){
if(errors >= 64) break;
if(!((key2 === "kind") || (key2 === "ms"))){
errors = (vErrors ??= []).push(refusal(instancePath+"/delay","additionalProperties",{additionalProperty: key2},schema40.properties.delay.oneOf[1],data2));
}
}
if(data2.kind !== undefined){
let data5 = data2.kind;
if("fixed" !== data5){
errors = (vErrors ??= []).push(refusal(instancePath+"/delay/kind","const",{allowedValue: "fixed"},schema40.properties.delay.oneOf[1].properties.kind,data5));
}
}
if(data2.ms !== undefined){
if(!(validate89(data2.ms, instancePath+"/delay/ms"))){
errors = (vErrors = joined(vErrors, validate89)).length;
}
}
}
else {
errors = (vErrors ??= []).push(refusal(instancePath+"/delay","type",{type: "object"},schema40.properties.delay.oneOf[1],data2));
}
}
else {
errors = (vErrors ??= []).push(refusal(instancePath+"/delay","discriminator",{error: "mapping", tag: "kind", tagValue: tag0},schema40.properties.delay,data2));
}
}
else {
errors = (vErrors ??= []).push(refusal(instancePath+"/delay","discriminator",{error: "tag", tag: "kind", tagValue: tag0},schema40.properties.delay,data2));
}
}
else {
errors = (vErrors ??= []).push(refusal(instancePath+"/delay","type",{type: "object"},schema40.properties.delay,data2));
}
}
if(data.windowMs !== undefined){
if(!(validate89(data.windowMs, instancePath+"/windowMs"))){
errors = (vErrors = joined(vErrors, validate89)).length;
}
}
}
else {
errors = (vErrors ??= []).push(refusal(instancePath,"type",{type: "object"},schema40,data));
}
validate184.errors = vErrors;
return errors === 0;
}

const schema41 = {"type":"object","additionalProperties":false,"required":["driver"],"properties":{"driver":{"enum":["local","json-file","none"]},"maxSizeBytes":{"$ref":"#/$defs/Size"},"maxFiles":{"$ref":"#/$defs/Size"}}};

function validate189(data, instancePath=""){
let vErrors = null;
let errors = 0;
if(data && typeof data == "object" && !Array.isArray(data)){
for(const prop0 of schema41.required){
if(data[prop0] === undefined){
errors = (vErrors ??= []).push(refusal(instancePath,"required",{missingProperty: prop0},schema41,data));
}
}
for(const key0 in data){
if(errors >= 64) break;
if(!(((key0 === "driver") || (key0 === "maxSizeBytes")) || (key0 === "maxFiles"))){
errors = (vErrors ??= []).push(refusal(instancePath,"additionalProperties",{additionalProperty: key0},schema41,data));
}
}
if(data.driver !== undefined){
let data0 = data.driver;
if(!(((data0 === "local") || (data0 === "json-file")) || (data0 === "none"))){
errors = (vErrors ??= []).push(refusal(instancePath+"/driver","enum",{allowedValues: schema41.properties.driver.enum},schema41.properties.driver,data0));
}
}
if(data.maxSizeBytes !== undefined){
if(!(validate43(data.maxSizeBytes, instancePath+"/maxSizeBytes"))){
errors = (vErrors = joined(vErrors, validate43)).length;
}
}
if(data.maxFiles !== undefined){
if(!(validate43(data.maxFiles, instancePath+"/maxFiles"))){
errors = (vErrors = joined(vErrors, validate43)).length;
}
}
}
else {
errors = (vErrors ??= []).push(refusal(instancePath,"type",{type: "object"},schema41,data));
}
validate189.errors = vErrors;
return errors === 0;
}


function validate74(data, instancePath=""){
let vErrors = null;
let errors = 0;
if(data && typeof data == "object" && !Array.isArray(data)){
for(const prop0 of schema23.required){
if(data[prop0] === undefined){
errors = (vErrors ??= []).push(refusal(instancePath,"required",{missingProperty: prop0},schema23,data));
}
}
for(const key0 in data){
if(errors >= 64) break;
if(!(func2.call(schema23.properties, key0))){
errors = (vErrors ??= []).push(refusal(instancePath,"additionalProperties",{additionalProperty: key0},schema23,data));
}
}
if(data.image !== undefined){
if(!(validate23(data.image, instancePath+"/image"))){
errors = (vErrors = joined(vErrors, validate23)).length;
}
}
if(data.imageId !== undefined){
if(!(validate23(data.imageId, instancePath+"/imageId"))){
errors = (vErrors = joined(vErrors, validate23)).length;
}
}
if(data.platform !== undefined){
if(!(validate23(data.platform, instancePath+"/platform"))){
errors = (vErrors = joined(vErrors, validate23)).length;
}
}
if(data.entrypoint !== undefined){
if(!(validate38(data.entrypoint, instancePath+"/entrypoint"))){
errors = (vErrors = joined(vErrors, validate38)).length;
}
}
if(data.command !== undefined){
if(!(validate38(data.command, instancePath+"/command"))){
errors = (vErrors = joined(vErrors, validate38)).length;
}
}
if(data.env !== undefined){
let data5 = data.env;
if(data5 && typeof data5 == "object" && !Array.isArray(data5)){
for(const key1 in data5){
if(errors >= 64) break;
if(!(validate26(data5[key1], instancePath+"/env/" + key1.replace(/~/g, "~0").replace(/\//g, "~1")))){
errors = (vErrors = joined(vErrors, validate26)).length;
}
}
}
else {
errors = (vErrors ??= []).push(refusal(instancePath+"/env","type",{type: "object"},schema23.properties.env,data5));
}
}
if(data.workingDir !== undefined){
if(!(validate23(data.workingDir, instancePath+"/workingDir"))){
errors = (vErrors = joined(vErrors, validate23)).length;
}
}
if(data.user !== undefined){
if(!(validate23(data.user, instancePath+"/user"))){
errors = (vErrors = joined(vErrors, validate23)).length;
}
}
if(data.groupAdd !== undefined){
if(!(validate38(data.groupAdd, instancePath+"/groupAdd"))){
errors = (vErrors = joined(vErrors, validate38)).length;
}
}
if(data.hostname !== undefined){
if(!(validate23(data.hostname, instancePath+"/hostname"))){
errors = (vErrors = joined(vErrors, validate23)).length;
}
}
if(data.domainname !== undefined){
if(!(validate23(data.domainname, instancePath+"/domainname"))){
errors = (vErrors = joined(vErrors, validate23)).length;
}
}
if(data.labels !== undefined){
if(!(validate33(data.labels, instancePath+"/labels"))){
errors = (vErrors = joined(vErrors, validate33)).length;
}
}
if(data.annotations !== undefined){
if(!(validate33(data.annotations, instancePath+"/annotations"))){
errors = (vErrors = joined(vErrors, validate33)).length;
}
}
if(data.tty !== undefined){
let data14 = data.tty;
if(typeof data14 !== "boolean"){
errors = (vErrors ??= []).push(refusal(instancePath+"/tty","type",{type: "boolean"},schema23.properties.tty,data14));
}
}
if(data.openStdin !== undefined){
let data15 = data.openStdin;
if(typeof data15 !== "boolean"){
errors = (vErrors ??= []).push(refusal(instancePath+"/openStdin","type",{type: "boolean"},schema23.properties.openStdin,data15));
}
}
if(data.init !== undefined){
let data16 = data.init;
if(typeof data16 !== "boolean"){
errors = (vErrors ??= []).push(refusal(instancePath+"/init","type",{type: "boolean"},schema23.properties.init,data16));
}
}
if(data.readOnlyRoot !== undefined){
let data17 = data.readOnlyRoot;
if(typeof data17 !== "boolean"){
errors = (vErrors ??= []).push(refusal(instancePath+"/readOnlyRoot","type",{type: "boolean"},schema23.properties.readOnlyRoot,data17));
}
}
if(data.stopSignal !== undefined){
if(!(validate23(data.stopSignal, instancePath+"/stopSignal"))){
errors = (vErrors = joined(vErrors, validate23)).length;
}
}
if(data.stopGraceMs !== undefined){
if(!(validate89(data.stopGraceMs, instancePath+"/stopGraceMs"))){
errors = (vErrors = joined(vErrors, validate89)).length;
}
}
if(data.capAdd !== undefined){
if(!(validate38(data.capAdd, instancePath+"/capAdd"))){
errors = (vErrors = joined(vErrors, validate38)).length;
}
}
if(data.capDrop !== undefined){
if(!(validate38(data.capDrop, instancePath+"/capDrop"))){
errors = (vErrors = joined(vErrors, validate38)).length;
}
}
if(data.privileged !== undefined){
let data22 = data.privileged;
if(typeof data22 !== "boolean"){
errors = (vErrors ??= []).push(refusal(instancePath+"/privileged","type",{type: "boolean"},schema23.properties.privileged,data22));
}
}
if(data.security !== undefined){
if(!(validate93(data.security, instancePath+"/security"))){
errors = (vErrors = joined(vErrors, validate93)).length;
}
}
if(data.ulimits !== undefined){
let data24 = data.ulimits;
if(Array.isArray(data24)){
const len0 = data24.length;
for(let i0=0; i0<len0 && errors < 64; i0++){
if(!(validate97(data24[i0], instancePath+"/ulimits/" + i0))){
errors = (vErrors = joined(vErrors, validate97)).length;
}
}
}
else {
errors = (vErrors ??= []).push(refusal(instancePath+"/ulimits","type",{type: "array"},schema23.properties.ulimits,data24));
}
}
if(data.sysctls !== undefined){
if(!(validate33(data.sysctls, instancePath+"/sysctls"))){
errors = (vErrors = joined(vErrors, validate33)).length;
}
}
if(data.devices !== undefined){
let data27 = data.devices;
if(Array.isArray(data27)){
const len1 = data27.length;
for(let i1=0; i1<len1 && errors < 64; i1++){
if(!(validate104(data27[i1], instancePath+"/devices/" + i1))){
errors = (vErrors = joined(vErrors, validate104)).length;
}
}
}
else {
errors = (vErrors ??= []).push(refusal(instancePath+"/devices","type",{type: "array"},schema23.properties.devices,data27));
}
}
if(data.deviceCgroupRules !== undefined){
if(!(validate38(data.deviceCgroupRules, instancePath+"/deviceCgroupRules"))){
errors = (vErrors = joined(vErrors, validate38)).length;
}
}
if(data.oomScoreAdj !== undefined){
let data30 = data.oomScoreAdj;
if(!(((typeof data30 == "number") && (!(data30 % 1) && !isNaN(data30))) && (isFinite(data30)))){
errors = (vErrors ??= []).push(refusal(instancePath+"/oomScoreAdj","type",{type: "integer"},schema23.properties.oomScoreAdj,data30));
}
if((typeof data30 == "number") && (isFinite(data30))){
if(data30 > 1000 || isNaN(data30)){
errors = (vErrors ??= []).push(refusal(instancePath+"/oomScoreAdj","maximum",{comparison: "<=", limit: 1000},schema23.properties.oomScoreAdj,data30));
}
if(data30 < -1000 || isNaN(data30)){
errors = (vErrors ??= []).push(refusal(instancePath+"/oomScoreAdj","minimum",{comparison: ">=", limit: -1000},schema23.properties.oomScoreAdj,data30));
}
}
}
if(data.resources !== undefined){
if(!(validate110(data.resources, instancePath+"/resources"))){
errors = (vErrors = joined(vErrors, validate110)).length;
}
}
if(data.cgroupParent !== undefined){
if(!(validate23(data.cgroupParent, instancePath+"/cgroupParent"))){
errors = (vErrors = joined(vErrors, validate23)).length;
}
}
if(data.mounts !== undefined){
let data33 = data.mounts;
if(Array.isArray(data33)){
const len2 = data33.length;
for(let i2=0; i2<len2 && errors < 64; i2++){
if(!(validate124(data33[i2], instancePath+"/mounts/" + i2))){
errors = (vErrors = joined(vErrors, validate124)).length;
}
}
}
else {
errors = (vErrors ??= []).push(refusal(instancePath+"/mounts","type",{type: "array"},schema23.properties.mounts,data33));
}
}
if(data.shmSizeBytes !== undefined){
if(!(validate43(data.shmSizeBytes, instancePath+"/shmSizeBytes"))){
errors = (vErrors = joined(vErrors, validate43)).length;
}
}
if(data.networkMode !== undefined){
if(!(validate150(data.networkMode, instancePath+"/networkMode"))){
errors = (vErrors = joined(vErrors, validate150)).length;
}
}
if(data.ports !== undefined){
let data37 = data.ports;
if(Array.isArray(data37)){
const len3 = data37.length;
for(let i3=0; i3<len3 && errors < 64; i3++){
if(!(validate161(data37[i3], instancePath+"/ports/" + i3))){
errors = (vErrors = joined(vErrors, validate161)).length;
}
}
}
else {
errors = (vErrors ??= []).push(refusal(instancePath+"/ports","type",{type: "array"},schema23.properties.ports,data37));
}
}
if(data.publishAll !== undefined){
let data39 = data.publishAll;
if(typeof data39 !== "boolean"){
errors = (vErrors ??= []).push(refusal(instancePath+"/publishAll","type",{type: "boolean"},schema23.properties.publishAll,data39));
}
}
if(data.expose !== undefined){
if(!(validate38(data.expose, instancePath+"/expose"))){
errors = (vErrors = joined(vErrors, validate38)).length;
}
}
if(data.extraHosts !== undefined){
let data41 = data.extraHosts;
if(Array.isArray(data41)){
const len4 = data41.length;
for(let i4=0; i4<len4 && errors < 64; i4++){
if(!(validate45(data41[i4], instancePath+"/extraHosts/" + i4))){
errors = (vErrors = joined(vErrors, validate45)).length;
}
}
}
else {
errors = (vErrors ??= []).push(refusal(instancePath+"/extraHosts","type",{type: "array"},schema23.properties.extraHosts,data41));
}
}
if(data.dns !== undefined){
if(!(validate38(data.dns, instancePath+"/dns"))){
errors = (vErrors = joined(vErrors, validate38)).length;
}
}
if(data.dnsSearch !== undefined){
if(!(validate38(data.dnsSearch, instancePath+"/dnsSearch"))){
errors = (vErrors = joined(vErrors, validate38)).length;
}
}
if(data.dnsOptions !== undefined){
if(!(validate38(data.dnsOptions, instancePath+"/dnsOptions"))){
errors = (vErrors = joined(vErrors, validate38)).length;
}
}
if(data.pidMode !== undefined){
if(!(validate169(data.pidMode, instancePath+"/pidMode"))){
errors = (vErrors = joined(vErrors, validate169)).length;
}
}
if(data.ipcMode !== undefined){
if(!(validate169(data.ipcMode, instancePath+"/ipcMode"))){
errors = (vErrors = joined(vErrors, validate169)).length;
}
}
if(data.utsMode !== undefined){
if(!(validate169(data.utsMode, instancePath+"/utsMode"))){
errors = (vErrors = joined(vErrors, validate169)).length;
}
}
if(data.cgroupnsMode !== undefined){
if(!(validate169(data.cgroupnsMode, instancePath+"/cgroupnsMode"))){
errors = (vErrors = joined(vErrors, validate169)).length;
}
}
if(data.healthcheck !== undefined){
if(!(validate176(data.healthcheck, instancePath+"/healthcheck"))){
errors = (vErrors = joined(vErrors, validate176)).length;
}
}
if(data.restart !== undefined){
if(!(validate184(data.restart, instancePath+"/restart"))){
errors = (vErrors = joined(vErrors, validate184)).length;
}
}
if(data.logging !== undefined){
if(!(validate189(data.logging, instancePath+"/logging"))){
errors = (vErrors = joined(vErrors, validate189)).length;
}
}
if(data.autoRemove !== undefined){
let data53 = data.autoRemove;
if(typeof data53 !== "boolean"){
errors = (vErrors ??= []).push(refusal(instancePath+"/autoRemove","type",{type: "boolean"},schema23.properties.autoRemove,data53));
}
}
}
else {
errors = (vErrors ??= []).push(refusal(instancePath,"type",{type: "object"},schema23,data));
}
validate74.errors = vErrors;
return errors === 0;
}

const schema42 = {"type":"object","additionalProperties":false,"required":["container"],"properties":{"container":{"$ref":"#/$defs/Text"},"readOnly":{"type":"boolean"}}};

function validate194(data, instancePath=""){
let vErrors = null;
let errors = 0;
if(data && typeof data == "object" && !Array.isArray(data)){
for(const prop0 of schema42.required){
if(data[prop0] === undefined){
errors = (vErrors ??= []).push(refusal(instancePath,"required",{missingProperty: prop0},schema42,data));
}
}
for(const key0 in data){
if(errors >= 64) break;
if(!((key0 === "container") || (key0 === "readOnly"))){
errors = (vErrors ??= []).push(refusal(instancePath,"additionalProperties",{additionalProperty: key0},schema42,data));
}
}
if(data.container !== undefined){
if(!(validate23(data.container, instancePath+"/container"))){
errors = (vErrors = joined(vErrors, validate23)).length;
}
}
if(data.readOnly !== undefined){
let data1 = data.readOnly;
if(typeof data1 !== "boolean"){
errors = (vErrors ??= []).push(refusal(instancePath+"/readOnly","type",{type: "boolean"},schema42.properties.readOnly,data1));
}
}
}
else {
errors = (vErrors ??= []).push(refusal(instancePath,"type",{type: "object"},schema42,data));
}
validate194.errors = vErrors;
return errors === 0;
}


function validate72(data, instancePath=""){
let vErrors = null;
let errors = 0;
if(data && typeof data == "object" && !Array.isArray(data)){
for(const prop0 of schema22.required){
if(data[prop0] === undefined){
errors = (vErrors ??= []).push(refusal(instancePath,"required",{missingProperty: prop0},schema22,data));
}
}
for(const key0 in data){
if(errors >= 64) break;
if(!(((key0 === "name") || (key0 === "spec")) || (key0 === "volumesFrom"))){
errors = (vErrors ??= []).push(refusal(instancePath,"additionalProperties",{additionalProperty: key0},schema22,data));
}
}
if(data.name !== undefined){
if(!(validate23(data.name, instancePath+"/name"))){
errors = (vErrors = joined(vErrors, validate23)).length;
}
}
if(data.spec !== undefined){
if(!(validate74(data.spec, instancePath+"/spec"))){
errors = (vErrors = joined(vErrors, validate74)).length;
}
}
if(data.volumesFrom !== undefined){
let data2 = data.volumesFrom;
if(Array.isArray(data2)){
const len0 = data2.length;
for(let i0=0; i0<len0 && errors < 64; i0++){
if(!(validate194(data2[i0], instancePath+"/volumesFrom/" + i0))){
errors = (vErrors = joined(vErrors, validate194)).length;
}
}
}
else {
errors = (vErrors ??= []).push(refusal(instancePath+"/volumesFrom","type",{type: "array"},schema22.properties.volumesFrom,data2));
}
}
}
else {
errors = (vErrors ??= []).push(refusal(instancePath,"type",{type: "object"},schema22,data));
}
validate72.errors = vErrors;
return errors === 0;
}

export const CreateNetwork = validate197;
const schema43 = {"type":"object","additionalProperties":false,"required":["name","spec"],"properties":{"name":{"$ref":"#/$defs/Text"},"spec":{"$ref":"#/$defs/NetworkSpec"}}};
const schema44 = {"type":"object","additionalProperties":false,"required":["driver"],"properties":{"project":{"$ref":"#/$defs/Text"},"key":{"$ref":"#/$defs/Text"},"driver":{"enum":["bridge","host","none","null"]},"internal":{"type":"boolean"},"attachable":{"type":"boolean"},"ipv6":{"type":"boolean"},"subnets":{"type":"array","items":{"$ref":"#/$defs/Subnet"}},"options":{"$ref":"#/$defs/TextMap"},"labels":{"$ref":"#/$defs/TextMap"}}};
const schema45 = {"type":"object","additionalProperties":false,"required":["subnet"],"properties":{"subnet":{"$ref":"#/$defs/Text"},"gateway":{"$ref":"#/$defs/Text"},"ipRange":{"$ref":"#/$defs/Text"}}};

function validate202(data, instancePath=""){
let vErrors = null;
let errors = 0;
if(data && typeof data == "object" && !Array.isArray(data)){
for(const prop0 of schema45.required){
if(data[prop0] === undefined){
errors = (vErrors ??= []).push(refusal(instancePath,"required",{missingProperty: prop0},schema45,data));
}
}
for(const key0 in data){
if(errors >= 64) break;
if(!(((key0 === "subnet") || (key0 === "gateway")) || (key0 === "ipRange"))){
errors = (vErrors ??= []).push(refusal(instancePath,"additionalProperties",{additionalProperty: key0},schema45,data));
}
}
if(data.subnet !== undefined){
if(!(validate23(data.subnet, instancePath+"/subnet"))){
errors = (vErrors = joined(vErrors, validate23)).length;
}
}
if(data.gateway !== undefined){
if(!(validate23(data.gateway, instancePath+"/gateway"))){
errors = (vErrors = joined(vErrors, validate23)).length;
}
}
if(data.ipRange !== undefined){
if(!(validate23(data.ipRange, instancePath+"/ipRange"))){
errors = (vErrors = joined(vErrors, validate23)).length;
}
}
}
else {
errors = (vErrors ??= []).push(refusal(instancePath,"type",{type: "object"},schema45,data));
}
validate202.errors = vErrors;
return errors === 0;
}


function validate199(data, instancePath=""){
let vErrors = null;
let errors = 0;
if(data && typeof data == "object" && !Array.isArray(data)){
for(const prop0 of schema44.required){
if(data[prop0] === undefined){
errors = (vErrors ??= []).push(refusal(instancePath,"required",{missingProperty: prop0},schema44,data));
}
}
for(const key0 in data){
if(errors >= 64) break;
if(!(func2.call(schema44.properties, key0))){
errors = (vErrors ??= []).push(refusal(instancePath,"additionalProperties",{additionalProperty: key0},schema44,data));
}
}
if(data.project !== undefined){
if(!(validate23(data.project, instancePath+"/project"))){
errors = (vErrors = joined(vErrors, validate23)).length;
}
}
if(data.key !== undefined){
if(!(validate23(data.key, instancePath+"/key"))){
errors = (vErrors = joined(vErrors, validate23)).length;
}
}
if(data.driver !== undefined){
let data2 = data.driver;
if(!((((data2 === "bridge") || (data2 === "host")) || (data2 === "none")) || (data2 === "null"))){
errors = (vErrors ??= []).push(refusal(instancePath+"/driver","enum",{allowedValues: schema44.properties.driver.enum},schema44.properties.driver,data2));
}
}
if(data.internal !== undefined){
let data3 = data.internal;
if(typeof data3 !== "boolean"){
errors = (vErrors ??= []).push(refusal(instancePath+"/internal","type",{type: "boolean"},schema44.properties.internal,data3));
}
}
if(data.attachable !== undefined){
let data4 = data.attachable;
if(typeof data4 !== "boolean"){
errors = (vErrors ??= []).push(refusal(instancePath+"/attachable","type",{type: "boolean"},schema44.properties.attachable,data4));
}
}
if(data.ipv6 !== undefined){
let data5 = data.ipv6;
if(typeof data5 !== "boolean"){
errors = (vErrors ??= []).push(refusal(instancePath+"/ipv6","type",{type: "boolean"},schema44.properties.ipv6,data5));
}
}
if(data.subnets !== undefined){
let data6 = data.subnets;
if(Array.isArray(data6)){
const len0 = data6.length;
for(let i0=0; i0<len0 && errors < 64; i0++){
if(!(validate202(data6[i0], instancePath+"/subnets/" + i0))){
errors = (vErrors = joined(vErrors, validate202)).length;
}
}
}
else {
errors = (vErrors ??= []).push(refusal(instancePath+"/subnets","type",{type: "array"},schema44.properties.subnets,data6));
}
}
if(data.options !== undefined){
if(!(validate33(data.options, instancePath+"/options"))){
errors = (vErrors = joined(vErrors, validate33)).length;
}
}
if(data.labels !== undefined){
if(!(validate33(data.labels, instancePath+"/labels"))){
errors = (vErrors = joined(vErrors, validate33)).length;
}
}
}
else {
errors = (vErrors ??= []).push(refusal(instancePath,"type",{type: "object"},schema44,data));
}
validate199.errors = vErrors;
return errors === 0;
}


function validate197(data, instancePath=""){
let vErrors = null;
let errors = 0;
if(data && typeof data == "object" && !Array.isArray(data)){
for(const prop0 of schema43.required){
if(data[prop0] === undefined){
errors = (vErrors ??= []).push(refusal(instancePath,"required",{missingProperty: prop0},schema43,data));
}
}
for(const key0 in data){
if(errors >= 64) break;
if(!((key0 === "name") || (key0 === "spec"))){
errors = (vErrors ??= []).push(refusal(instancePath,"additionalProperties",{additionalProperty: key0},schema43,data));
}
}
if(data.name !== undefined){
if(!(validate23(data.name, instancePath+"/name"))){
errors = (vErrors = joined(vErrors, validate23)).length;
}
}
if(data.spec !== undefined){
if(!(validate199(data.spec, instancePath+"/spec"))){
errors = (vErrors = joined(vErrors, validate199)).length;
}
}
}
else {
errors = (vErrors ??= []).push(refusal(instancePath,"type",{type: "object"},schema43,data));
}
validate197.errors = vErrors;
return errors === 0;
}

export const CreateVolume = validate210;
const schema46 = {"type":"object","additionalProperties":false,"required":["spec"],"properties":{"name":{"$ref":"#/$defs/Text"},"spec":{"$ref":"#/$defs/VolumeSpec"}}};
const schema47 = {"type":"object","additionalProperties":false,"required":["driver"],"properties":{"project":{"$ref":"#/$defs/Text"},"key":{"$ref":"#/$defs/Text"},"driver":{"enum":["local"]},"options":{"$ref":"#/$defs/TextMap"},"labels":{"$ref":"#/$defs/TextMap"},"anonymous":{"type":"boolean"}}};

function validate212(data, instancePath=""){
let vErrors = null;
let errors = 0;
if(data && typeof data == "object" && !Array.isArray(data)){
for(const prop0 of schema47.required){
if(data[prop0] === undefined){
errors = (vErrors ??= []).push(refusal(instancePath,"required",{missingProperty: prop0},schema47,data));
}
}
for(const key0 in data){
if(errors >= 64) break;
if(!((((((key0 === "project") || (key0 === "key")) || (key0 === "driver")) || (key0 === "options")) || (key0 === "labels")) || (key0 === "anonymous"))){
errors = (vErrors ??= []).push(refusal(instancePath,"additionalProperties",{additionalProperty: key0},schema47,data));
}
}
if(data.project !== undefined){
if(!(validate23(data.project, instancePath+"/project"))){
errors = (vErrors = joined(vErrors, validate23)).length;
}
}
if(data.key !== undefined){
if(!(validate23(data.key, instancePath+"/key"))){
errors = (vErrors = joined(vErrors, validate23)).length;
}
}
if(data.driver !== undefined){
let data2 = data.driver;
if(!(data2 === "local")){
errors = (vErrors ??= []).push(refusal(instancePath+"/driver","enum",{allowedValues: schema47.properties.driver.enum},schema47.properties.driver,data2));
}
}
if(data.options !== undefined){
if(!(validate33(data.options, instancePath+"/options"))){
errors = (vErrors = joined(vErrors, validate33)).length;
}
}
if(data.labels !== undefined){
if(!(validate33(data.labels, instancePath+"/labels"))){
errors = (vErrors = joined(vErrors, validate33)).length;
}
}
if(data.anonymous !== undefined){
let data5 = data.anonymous;
if(typeof data5 !== "boolean"){
errors = (vErrors ??= []).push(refusal(instancePath+"/anonymous","type",{type: "boolean"},schema47.properties.anonymous,data5));
}
}
}
else {
errors = (vErrors ??= []).push(refusal(instancePath,"type",{type: "object"},schema47,data));
}
validate212.errors = vErrors;
return errors === 0;
}


function validate210(data, instancePath=""){
let vErrors = null;
let errors = 0;
if(data && typeof data == "object" && !Array.isArray(data)){
for(const prop0 of schema46.required){
if(data[prop0] === undefined){
errors = (vErrors ??= []).push(refusal(instancePath,"required",{missingProperty: prop0},schema46,data));
}
}
for(const key0 in data){
if(errors >= 64) break;
if(!((key0 === "name") || (key0 === "spec"))){
errors = (vErrors ??= []).push(refusal(instancePath,"additionalProperties",{additionalProperty: key0},schema46,data));
}
}
if(data.name !== undefined){
if(!(validate23(data.name, instancePath+"/name"))){
errors = (vErrors = joined(vErrors, validate23)).length;
}
}
if(data.spec !== undefined){
if(!(validate212(data.spec, instancePath+"/spec"))){
errors = (vErrors = joined(vErrors, validate212)).length;
}
}
}
else {
errors = (vErrors ??= []).push(refusal(instancePath,"type",{type: "object"},schema46,data));
}
validate210.errors = vErrors;
return errors === 0;
}

export const DaemonConfig = validate218;
const schema48 = {"type":"object","additionalProperties":false,"properties":{"$schema":{"type":"string"},"addressPools":{"type":"array","items":{"type":"string","pattern":"^[\\d.]+/\\d+$","description":"A subnet such as 10.128.0.0/10."}},"noHostFirewall":{"type":"boolean"},"logLevel":{"enum":["debug","info","warn","error"]},"labels":{"type":"object","additionalProperties":{"type":"string"}}}};
const pattern2 = new RegExp("^[\\d.]+/\\d+$", "u");

function validate218(data, instancePath=""){
let vErrors = null;
let errors = 0;
if(data && typeof data == "object" && !Array.isArray(data)){
for(const key0 in data){
if(errors >= 64) break;
if(!(((((key0 === "$schema") || (key0 === "addressPools")) || (key0 === "noHostFirewall")) || (key0 === "logLevel")) || (key0 === "labels"))){
errors = (vErrors ??= []).push(refusal(instancePath,"additionalProperties",{additionalProperty: key0},schema48,data));
}
}
if(data.$schema !== undefined){
let data0 = data.$schema;
if(typeof data0 !== "string"){
errors = (vErrors ??= []).push(refusal(instancePath+"/$schema","type",{type: "string"},schema48.properties.$schema,data0));
}
}
if(data.addressPools !== undefined){
let data1 = data.addressPools;
if(Array.isArray(data1)){
const len0 = data1.length;
for(let i0=0; i0<len0 && errors < 64; i0++){
let data2 = data1[i0];
if(typeof data2 === "string"){
if(!pattern2.test(data2)){
errors = (vErrors ??= []).push(refusal(instancePath+"/addressPools/" + i0,"pattern",{pattern: "^[\\d.]+/\\d+$"},schema48.properties.addressPools.items,data2));
}
}
else {
errors = (vErrors ??= []).push(refusal(instancePath+"/addressPools/" + i0,"type",{type: "string"},schema48.properties.addressPools.items,data2));
}
}
}
else {
errors = (vErrors ??= []).push(refusal(instancePath+"/addressPools","type",{type: "array"},schema48.properties.addressPools,data1));
}
}
if(data.noHostFirewall !== undefined){
let data3 = data.noHostFirewall;
if(typeof data3 !== "boolean"){
errors = (vErrors ??= []).push(refusal(instancePath+"/noHostFirewall","type",{type: "boolean"},schema48.properties.noHostFirewall,data3));
}
}
if(data.logLevel !== undefined){
let data4 = data.logLevel;
if(!((((data4 === "debug") || (data4 === "info")) || (data4 === "warn")) || (data4 === "error"))){
errors = (vErrors ??= []).push(refusal(instancePath+"/logLevel","enum",{allowedValues: schema48.properties.logLevel.enum},schema48.properties.logLevel,data4));
}
}
if(data.labels !== undefined){
let data5 = data.labels;
if(data5 && typeof data5 == "object" && !Array.isArray(data5)){
for(const key1 in data5){
if(errors >= 64) break;
let data6 = data5[key1];
if(typeof data6 !== "string"){
errors = (vErrors ??= []).push(refusal(instancePath+"/labels/" + key1.replace(/~/g, "~0").replace(/\//g, "~1"),"type",{type: "string"},schema48.properties.labels.additionalProperties,data6));
}
}
}
else {
errors = (vErrors ??= []).push(refusal(instancePath+"/labels","type",{type: "object"},schema48.properties.labels,data5));
}
}
}
else {
errors = (vErrors ??= []).push(refusal(instancePath,"type",{type: "object"},schema48,data));
}
validate218.errors = vErrors;
return errors === 0;
}

export const DownOptions = validate219;
const schema49 = {"type":"object","additionalProperties":false,"properties":{"volumes":{"type":"boolean"},"removeOrphans":{"type":"boolean"},"timeoutMs":{"$ref":"#/$defs/Milliseconds"},"services":{"$ref":"#/$defs/Texts"},"declared":{"$ref":"#/$defs/Declared"}}};
const schema50 = {"type":"object","additionalProperties":false,"required":["services","volumes"],"properties":{"services":{"$ref":"#/$defs/Texts"},"volumes":{"$ref":"#/$defs/Texts"}}};

function validate222(data, instancePath=""){
let vErrors = null;
let errors = 0;
if(data && typeof data == "object" && !Array.isArray(data)){
for(const prop0 of schema50.required){
if(data[prop0] === undefined){
errors = (vErrors ??= []).push(refusal(instancePath,"required",{missingProperty: prop0},schema50,data));
}
}
for(const key0 in data){
if(errors >= 64) break;
if(!((key0 === "services") || (key0 === "volumes"))){
errors = (vErrors ??= []).push(refusal(instancePath,"additionalProperties",{additionalProperty: key0},schema50,data));
}
}
if(data.services !== undefined){
if(!(validate38(data.services, instancePath+"/services"))){
errors = (vErrors = joined(vErrors, validate38)).length;
}
}
if(data.volumes !== undefined){
if(!(validate38(data.volumes, instancePath+"/volumes"))){
errors = (vErrors = joined(vErrors, validate38)).length;
}
}
}
else {
errors = (vErrors ??= []).push(refusal(instancePath,"type",{type: "object"},schema50,data));
}
validate222.errors = vErrors;
return errors === 0;
}


function validate219(data, instancePath=""){
let vErrors = null;
let errors = 0;
if(data && typeof data == "object" && !Array.isArray(data)){
for(const key0 in data){
if(errors >= 64) break;
if(!(((((key0 === "volumes") || (key0 === "removeOrphans")) || (key0 === "timeoutMs")) || (key0 === "services")) || (key0 === "declared"))){
errors = (vErrors ??= []).push(refusal(instancePath,"additionalProperties",{additionalProperty: key0},schema49,data));
}
}
if(data.volumes !== undefined){
let data0 = data.volumes;
if(typeof data0 !== "boolean"){
errors = (vErrors ??= []).push(refusal(instancePath+"/volumes","type",{type: "boolean"},schema49.properties.volumes,data0));
}
}
if(data.removeOrphans !== undefined){
let data1 = data.removeOrphans;
if(typeof data1 !== "boolean"){
errors = (vErrors ??= []).push(refusal(instancePath+"/removeOrphans","type",{type: "boolean"},schema49.properties.removeOrphans,data1));
}
}
if(data.timeoutMs !== undefined){
if(!(validate89(data.timeoutMs, instancePath+"/timeoutMs"))){
errors = (vErrors = joined(vErrors, validate89)).length;
}
}
if(data.services !== undefined){
if(!(validate38(data.services, instancePath+"/services"))){
errors = (vErrors = joined(vErrors, validate38)).length;
}
}
if(data.declared !== undefined){
if(!(validate222(data.declared, instancePath+"/declared"))){
errors = (vErrors = joined(vErrors, validate222)).length;
}
}
}
else {
errors = (vErrors ??= []).push(refusal(instancePath,"type",{type: "object"},schema49,data));
}
validate219.errors = vErrors;
return errors === 0;
}

export const ExecConfig = validate226;
const schema51 = {"type":"object","additionalProperties":false,"required":["argv","tty","stdin"],"properties":{"argv":{"$ref":"#/$defs/Texts"},"env":{"$ref":"#/$defs/TextMap"},"workingDir":{"$ref":"#/$defs/Text"},"user":{"$ref":"#/$defs/Text"},"tty":{"type":"boolean"},"stdin":{"type":"boolean"},"privileged":{"type":"boolean"},"detach":{"type":"boolean"}}};

function validate226(data, instancePath=""){
let vErrors = null;
let errors = 0;
if(data && typeof data == "object" && !Array.isArray(data)){
for(const prop0 of schema51.required){
if(data[prop0] === undefined){
errors = (vErrors ??= []).push(refusal(instancePath,"required",{missingProperty: prop0},schema51,data));
}
}
for(const key0 in data){
if(errors >= 64) break;
if(!((((((((key0 === "argv") || (key0 === "env")) || (key0 === "workingDir")) || (key0 === "user")) || (key0 === "tty")) || (key0 === "stdin")) || (key0 === "privileged")) || (key0 === "detach"))){
errors = (vErrors ??= []).push(refusal(instancePath,"additionalProperties",{additionalProperty: key0},schema51,data));
}
}
if(data.argv !== undefined){
if(!(validate38(data.argv, instancePath+"/argv"))){
errors = (vErrors = joined(vErrors, validate38)).length;
}
}
if(data.env !== undefined){
if(!(validate33(data.env, instancePath+"/env"))){
errors = (vErrors = joined(vErrors, validate33)).length;
}
}
if(data.workingDir !== undefined){
if(!(validate23(data.workingDir, instancePath+"/workingDir"))){
errors = (vErrors = joined(vErrors, validate23)).length;
}
}
if(data.user !== undefined){
if(!(validate23(data.user, instancePath+"/user"))){
errors = (vErrors = joined(vErrors, validate23)).length;
}
}
if(data.tty !== undefined){
let data4 = data.tty;
if(typeof data4 !== "boolean"){
errors = (vErrors ??= []).push(refusal(instancePath+"/tty","type",{type: "boolean"},schema51.properties.tty,data4));
}
}
if(data.stdin !== undefined){
let data5 = data.stdin;
if(typeof data5 !== "boolean"){
errors = (vErrors ??= []).push(refusal(instancePath+"/stdin","type",{type: "boolean"},schema51.properties.stdin,data5));
}
}
if(data.privileged !== undefined){
let data6 = data.privileged;
if(typeof data6 !== "boolean"){
errors = (vErrors ??= []).push(refusal(instancePath+"/privileged","type",{type: "boolean"},schema51.properties.privileged,data6));
}
}
if(data.detach !== undefined){
let data7 = data.detach;
if(typeof data7 !== "boolean"){
errors = (vErrors ??= []).push(refusal(instancePath+"/detach","type",{type: "boolean"},schema51.properties.detach,data7));
}
}
}
else {
errors = (vErrors ??= []).push(refusal(instancePath,"type",{type: "object"},schema51,data));
}
validate226.errors = vErrors;
return errors === 0;
}

export const KillRequest = validate231;
const schema52 = {"type":"object","additionalProperties":false,"required":["signal"],"properties":{"signal":{"$ref":"#/$defs/Text"}}};

function validate231(data, instancePath=""){
let vErrors = null;
let errors = 0;
if(data && typeof data == "object" && !Array.isArray(data)){
for(const prop0 of schema52.required){
if(data[prop0] === undefined){
errors = (vErrors ??= []).push(refusal(instancePath,"required",{missingProperty: prop0},schema52,data));
}
}
for(const key0 in data){
if(errors >= 64) break;
if(!(key0 === "signal")){
errors = (vErrors ??= []).push(refusal(instancePath,"additionalProperties",{additionalProperty: key0},schema52,data));
}
}
if(data.signal !== undefined){
if(!(validate23(data.signal, instancePath+"/signal"))){
errors = (vErrors = joined(vErrors, validate23)).length;
}
}
}
else {
errors = (vErrors ??= []).push(refusal(instancePath,"type",{type: "object"},schema52,data));
}
validate231.errors = vErrors;
return errors === 0;
}

export const Nothing = validate233;
const schema53 = {"type":"object","additionalProperties":false,"properties":{}};

function validate233(data, instancePath=""){
let vErrors = null;
let errors = 0;
if(data && typeof data == "object" && !Array.isArray(data)){
for(const key0 in data){
if(errors >= 64) break;
errors = (vErrors ??= []).push(refusal(instancePath,"additionalProperties",{additionalProperty: key0},schema53,data));
}
}
else {
errors = (vErrors ??= []).push(refusal(instancePath,"type",{type: "object"},schema53,data));
}
validate233.errors = vErrors;
return errors === 0;
}

export const ProjectAction = validate234;
const schema54 = {"type":"object","additionalProperties":false,"required":["kind"],"properties":{"kind":{"enum":["start","stop","restart","kill","rm","scale"]},"services":{"$ref":"#/$defs/Texts"},"slot":{"type":"integer","minimum":1,"maximum":9007199254740991},"signal":{"$ref":"#/$defs/Text"},"timeoutMs":{"$ref":"#/$defs/Milliseconds"},"noDeps":{"type":"boolean"},"volumes":{"type":"boolean"},"stop":{"type":"boolean"},"scale":{"type":"object","additionalProperties":{"$ref":"#/$defs/Size"}}}};

function validate234(data, instancePath=""){
let vErrors = null;
let errors = 0;
if(data && typeof data == "object" && !Array.isArray(data)){
for(const prop0 of schema54.required){
if(data[prop0] === undefined){
errors = (vErrors ??= []).push(refusal(instancePath,"required",{missingProperty: prop0},schema54,data));
}
}
for(const key0 in data){
if(errors >= 64) break;
if(!(func2.call(schema54.properties, key0))){
errors = (vErrors ??= []).push(refusal(instancePath,"additionalProperties",{additionalProperty: key0},schema54,data));
}
}
if(data.kind !== undefined){
let data0 = data.kind;
if(!((((((data0 === "start") || (data0 === "stop")) || (data0 === "restart")) || (data0 === "kill")) || (data0 === "rm")) || (data0 === "scale"))){
errors = (vErrors ??= []).push(refusal(instancePath+"/kind","enum",{allowedValues: schema54.properties.kind.enum},schema54.properties.kind,data0));
}
}
if(data.services !== undefined){
if(!(validate38(data.services, instancePath+"/services"))){
errors = (vErrors = joined(vErrors, validate38)).length;
}
}
if(data.slot !== undefined){
let data2 = data.slot;
if(!(((typeof data2 == "number") && (!(data2 % 1) && !isNaN(data2))) && (isFinite(data2)))){
errors = (vErrors ??= []).push(refusal(instancePath+"/slot","type",{type: "integer"},schema54.properties.slot,data2));
}
if((typeof data2 == "number") && (isFinite(data2))){
if(data2 > 9007199254740991 || isNaN(data2)){
errors = (vErrors ??= []).push(refusal(instancePath+"/slot","maximum",{comparison: "<=", limit: 9007199254740991},schema54.properties.slot,data2));
}
if(data2 < 1 || isNaN(data2)){
errors = (vErrors ??= []).push(refusal(instancePath+"/slot","minimum",{comparison: ">=", limit: 1},schema54.properties.slot,data2));
}
}
}
if(data.signal !== undefined){
if(!(validate23(data.signal, instancePath+"/signal"))){
errors = (vErrors = joined(vErrors, validate23)).length;
}
}
if(data.timeoutMs !== undefined){
if(!(validate89(data.timeoutMs, instancePath+"/timeoutMs"))){
errors = (vErrors = joined(vErrors, validate89)).length;
}
}
if(data.noDeps !== undefined){
let data5 = data.noDeps;
if(typeof data5 !== "boolean"){
errors = (vErrors ??= []).push(refusal(instancePath+"/noDeps","type",{type: "boolean"},schema54.properties.noDeps,data5));
}
}
if(data.volumes !== undefined){
let data6 = data.volumes;
if(typeof data6 !== "boolean"){
errors = (vErrors ??= []).push(refusal(instancePath+"/volumes","type",{type: "boolean"},schema54.properties.volumes,data6));
}
}
if(data.stop !== undefined){
let data7 = data.stop;
if(typeof data7 !== "boolean"){
errors = (vErrors ??= []).push(refusal(instancePath+"/stop","type",{type: "boolean"},schema54.properties.stop,data7));
}
}
if(data.scale !== undefined){
let data8 = data.scale;
if(data8 && typeof data8 == "object" && !Array.isArray(data8)){
for(const key1 in data8){
if(errors >= 64) break;
if(!(validate43(data8[key1], instancePath+"/scale/" + key1.replace(/~/g, "~0").replace(/\//g, "~1")))){
errors = (vErrors = joined(vErrors, validate43)).length;
}
}
}
else {
errors = (vErrors ??= []).push(refusal(instancePath+"/scale","type",{type: "object"},schema54.properties.scale,data8));
}
}
}
else {
errors = (vErrors ??= []).push(refusal(instancePath,"type",{type: "object"},schema54,data));
}
validate234.errors = vErrors;
return errors === 0;
}

export const PullRequest = validate239;
const schema55 = {"type":"object","additionalProperties":false,"required":["reference"],"properties":{"reference":{"$ref":"#/$defs/Text"},"platform":{"$ref":"#/$defs/Text"},"auth":{"$ref":"#/$defs/RegistryAuth"}}};

function validate239(data, instancePath=""){
let vErrors = null;
let errors = 0;
if(data && typeof data == "object" && !Array.isArray(data)){
for(const prop0 of schema55.required){
if(data[prop0] === undefined){
errors = (vErrors ??= []).push(refusal(instancePath,"required",{missingProperty: prop0},schema55,data));
}
}
for(const key0 in data){
if(errors >= 64) break;
if(!(((key0 === "reference") || (key0 === "platform")) || (key0 === "auth"))){
errors = (vErrors ??= []).push(refusal(instancePath,"additionalProperties",{additionalProperty: key0},schema55,data));
}
}
if(data.reference !== undefined){
if(!(validate23(data.reference, instancePath+"/reference"))){
errors = (vErrors = joined(vErrors, validate23)).length;
}
}
if(data.platform !== undefined){
if(!(validate23(data.platform, instancePath+"/platform"))){
errors = (vErrors = joined(vErrors, validate23)).length;
}
}
if(data.auth !== undefined){
if(!(validate54(data.auth, instancePath+"/auth"))){
errors = (vErrors = joined(vErrors, validate54)).length;
}
}
}
else {
errors = (vErrors ??= []).push(refusal(instancePath,"type",{type: "object"},schema55,data));
}
validate239.errors = vErrors;
return errors === 0;
}

export const PutProject = validate243;
const schema56 = {"type":"object","additionalProperties":false,"required":["project","images","options"],"properties":{"project":{"$ref":"#/$defs/Project"},"images":{"$ref":"#/$defs/TextMap"},"options":{"$ref":"#/$defs/UpOptions"}}};
const schema57 = {"type":"object","additionalProperties":false,"required":["name","workingDir","configFiles","services","networks","volumes","secrets","configs"],"properties":{"name":{"$ref":"#/$defs/Text"},"workingDir":{"$ref":"#/$defs/Text"},"configFiles":{"$ref":"#/$defs/Texts"},"services":{"type":"array","items":{"$ref":"#/$defs/ProjectService"}},"disabled":{"$ref":"#/$defs/Texts"},"networks":{"type":"array","items":{"$ref":"#/$defs/ProjectNetwork"}},"volumes":{"type":"array","items":{"$ref":"#/$defs/ProjectVolume"}},"secrets":{"type":"array","items":{"$ref":"#/$defs/ProjectFile"}},"configs":{"type":"array","items":{"$ref":"#/$defs/ProjectFile"}}}};
const schema58 = {"type":"object","additionalProperties":false,"required":["service","mode","replicas","dependsOn","container","pullPolicy","attach","profiles"],"properties":{"service":{"$ref":"#/$defs/Text"},"mode":{"enum":["replicated","global"]},"replicas":{"$ref":"#/$defs/Size"},"dependsOn":{"type":"array","items":{"$ref":"#/$defs/DependsOn"}},"update":{"$ref":"#/$defs/UpdateConfig"},"containerName":{"$ref":"#/$defs/Text"},"container":{"$ref":"#/$defs/ContainerSpec"},"build":{"$ref":"#/$defs/BuildSpec"},"pullPolicy":{"enum":["always","never","missing","build"]},"attach":{"type":"boolean"},"profiles":{"$ref":"#/$defs/Texts"}}};
const schema59 = {"type":"object","additionalProperties":false,"required":["service","condition"],"properties":{"service":{"$ref":"#/$defs/Text"},"condition":{"enum":["service_started","service_healthy","service_completed_successfully"]},"restart":{"type":"boolean"},"required":{"type":"boolean"}}};

function validate251(data, instancePath=""){
let vErrors = null;
let errors = 0;
if(data && typeof data == "object" && !Array.isArray(data)){
for(const prop0 of schema59.required){
if(data[prop0] === undefined){
errors = (vErrors ??= []).push(refusal(instancePath,"required",{missingProperty: prop0},schema59,data));
}
}
for(const key0 in data){
if(errors >= 64) break;
if(!((((key0 === "service") || (key0 === "condition")) || (key0 === "restart")) || (key0 === "required"))){
errors = (vErrors ??= []).push(refusal(instancePath,"additionalProperties",{additionalProperty: key0},schema59,data));
}
}
if(data.service !== undefined){
if(!(validate23(data.service, instancePath+"/service"))){
errors = (vErrors = joined(vErrors, validate23)).length;
}
}
if(data.condition !== undefined){
let data1 = data.condition;
if(!(((data1 === "service_started") || (data1 === "service_healthy")) || (data1 === "service_completed_successfully"))){
errors = (vErrors ??= []).push(refusal(instancePath+"/condition","enum",{allowedValues: schema59.properties.condition.enum},schema59.properties.condition,data1));
}
}
if(data.restart !== undefined){
let data2 = data.restart;
if(typeof data2 !== "boolean"){
errors = (vErrors ??= []).push(refusal(instancePath+"/restart","type",{type: "boolean"},schema59.properties.restart,data2));
}
}
if(data.required !== undefined){
let data3 = data.required;
if(typeof data3 !== "boolean"){
errors = (vErrors ??= []).push(refusal(instancePath+"/required","type",{type: "boolean"},schema59.properties.required,data3));
}
}
}
else {
errors = (vErrors ??= []).push(refusal(instancePath,"type",{type: "object"},schema59,data));
}
validate251.errors = vErrors;
return errors === 0;
}

const schema60 = {"type":"object","additionalProperties":false,"required":["parallelism","delayMs","failureAction","monitorMs","maxFailureRatio","order"],"properties":{"parallelism":{"$ref":"#/$defs/Size"},"delayMs":{"$ref":"#/$defs/Milliseconds"},"failureAction":{"enum":["pause","continue","rollback"]},"monitorMs":{"$ref":"#/$defs/Milliseconds"},"maxFailureRatio":{"type":"number"},"order":{"enum":["stop-first","start-first"]}}};

function validate254(data, instancePath=""){
let vErrors = null;
let errors = 0;
if(data && typeof data == "object" && !Array.isArray(data)){
for(const prop0 of schema60.required){
if(data[prop0] === undefined){
errors = (vErrors ??= []).push(refusal(instancePath,"required",{missingProperty: prop0},schema60,data));
}
}
for(const key0 in data){
if(errors >= 64) break;
if(!((((((key0 === "parallelism") || (key0 === "delayMs")) || (key0 === "failureAction")) || (key0 === "monitorMs")) || (key0 === "maxFailureRatio")) || (key0 === "order"))){
errors = (vErrors ??= []).push(refusal(instancePath,"additionalProperties",{additionalProperty: key0},schema60,data));
}
}
if(data.parallelism !== undefined){
if(!(validate43(data.parallelism, instancePath+"/parallelism"))){
errors = (vErrors = joined(vErrors, validate43)).length;
}
}
if(data.delayMs !== undefined){
if(!(validate89(data.delayMs, instancePath+"/delayMs"))){
errors = (vErrors = joined(vErrors, validate89)).length;
}
}
if(data.failureAction !== undefined){
let data2 = data.failureAction;
if(!(((data2 === "pause") || (data2 === "continue")) || (data2 === "rollback"))){
errors = (vErrors ??= []).push(refusal(instancePath+"/failureAction","enum",{allowedValues: schema60.properties.failureAction.enum},schema60.properties.failureAction,data2));
}
}
if(data.monitorMs !== undefined){
if(!(validate89(data.monitorMs, instancePath+"/monitorMs"))){
errors = (vErrors = joined(vErrors, validate89)).length;
}
}
if(data.maxFailureRatio !== undefined){
let data4 = data.maxFailureRatio;
if(!((typeof data4 == "number") && (isFinite(data4)))){
errors = (vErrors ??= []).push(refusal(instancePath+"/maxFailureRatio","type",{type: "number"},schema60.properties.maxFailureRatio,data4));
}
}
if(data.order !== undefined){
let data5 = data.order;
if(!((data5 === "stop-first") || (data5 === "start-first"))){
errors = (vErrors ??= []).push(refusal(instancePath+"/order","enum",{allowedValues: schema60.properties.order.enum},schema60.properties.order,data5));
}
}
}
else {
errors = (vErrors ??= []).push(refusal(instancePath,"type",{type: "object"},schema60,data));
}
validate254.errors = vErrors;
return errors === 0;
}


function validate248(data, instancePath=""){
let vErrors = null;
let errors = 0;
if(data && typeof data == "object" && !Array.isArray(data)){
for(const prop0 of schema58.required){
if(data[prop0] === undefined){
errors = (vErrors ??= []).push(refusal(instancePath,"required",{missingProperty: prop0},schema58,data));
}
}
for(const key0 in data){
if(errors >= 64) break;
if(!(func2.call(schema58.properties, key0))){
errors = (vErrors ??= []).push(refusal(instancePath,"additionalProperties",{additionalProperty: key0},schema58,data));
}
}
if(data.service !== undefined){
if(!(validate23(data.service, instancePath+"/service"))){
errors = (vErrors = joined(vErrors, validate23)).length;
}
}
if(data.mode !== undefined){
let data1 = data.mode;
if(!((data1 === "replicated") || (data1 === "global"))){
errors = (vErrors ??= []).push(refusal(instancePath+"/mode","enum",{allowedValues: schema58.properties.mode.enum},schema58.properties.mode,data1));
}
}
if(data.replicas !== undefined){
if(!(validate43(data.replicas, instancePath+"/replicas"))){
errors = (vErrors = joined(vErrors, validate43)).length;
}
}
if(data.dependsOn !== undefined){
let data3 = data.dependsOn;
if(Array.isArray(data3)){
const len0 = data3.length;
for(let i0=0; i0<len0 && errors < 64; i0++){
if(!(validate251(data3[i0], instancePath+"/dependsOn/" + i0))){
errors = (vErrors = joined(vErrors, validate251)).length;
}
}
}
else {
errors = (vErrors ??= []).push(refusal(instancePath+"/dependsOn","type",{type: "array"},schema58.properties.dependsOn,data3));
}
}
if(data.update !== undefined){
if(!(validate254(data.update, instancePath+"/update"))){
errors = (vErrors = joined(vErrors, validate254)).length;
}
}
if(data.containerName !== undefined){
if(!(validate23(data.containerName, instancePath+"/containerName"))){
errors = (vErrors = joined(vErrors, validate23)).length;
}
}
if(data.container !== undefined){
if(!(validate74(data.container, instancePath+"/container"))){
errors = (vErrors = joined(vErrors, validate74)).length;
}
}
if(data.build !== undefined){
if(!(validate29(data.build, instancePath+"/build"))){
errors = (vErrors = joined(vErrors, validate29)).length;
}
}
if(data.pullPolicy !== undefined){
let data9 = data.pullPolicy;
if(!((((data9 === "always") || (data9 === "never")) || (data9 === "missing")) || (data9 === "build"))){
errors = (vErrors ??= []).push(refusal(instancePath+"/pullPolicy","enum",{allowedValues: schema58.properties.pullPolicy.enum},schema58.properties.pullPolicy,data9));
}
}
if(data.attach !== undefined){
let data10 = data.attach;
if(typeof data10 !== "boolean"){
errors = (vErrors ??= []).push(refusal(instancePath+"/attach","type",{type: "boolean"},schema58.properties.attach,data10));
}
}
if(data.profiles !== undefined){
if(!(validate38(data.profiles, instancePath+"/profiles"))){
errors = (vErrors = joined(vErrors, validate38)).length;
}
}
}
else {
errors = (vErrors ??= []).push(refusal(instancePath,"type",{type: "object"},schema58,data));
}
validate248.errors = vErrors;
return errors === 0;
}

const schema61 = {"type":"object","additionalProperties":false,"required":["name","key","external","spec"],"properties":{"name":{"$ref":"#/$defs/Text"},"key":{"$ref":"#/$defs/Text"},"external":{"type":"boolean"},"spec":{"$ref":"#/$defs/NetworkSpec"}}};

function validate265(data, instancePath=""){
let vErrors = null;
let errors = 0;
if(data && typeof data == "object" && !Array.isArray(data)){
for(const prop0 of schema61.required){
if(data[prop0] === undefined){
errors = (vErrors ??= []).push(refusal(instancePath,"required",{missingProperty: prop0},schema61,data));
}
}
for(const key0 in data){
if(errors >= 64) break;
if(!((((key0 === "name") || (key0 === "key")) || (key0 === "external")) || (key0 === "spec"))){
errors = (vErrors ??= []).push(refusal(instancePath,"additionalProperties",{additionalProperty: key0},schema61,data));
}
}
if(data.name !== undefined){
if(!(validate23(data.name, instancePath+"/name"))){
errors = (vErrors = joined(vErrors, validate23)).length;
}
}
if(data.key !== undefined){
if(!(validate23(data.key, instancePath+"/key"))){
errors = (vErrors = joined(vErrors, validate23)).length;
}
}
if(data.external !== undefined){
let data2 = data.external;
if(typeof data2 !== "boolean"){
errors = (vErrors ??= []).push(refusal(instancePath+"/external","type",{type: "boolean"},schema61.properties.external,data2));
}
}
if(data.spec !== undefined){
if(!(validate199(data.spec, instancePath+"/spec"))){
errors = (vErrors = joined(vErrors, validate199)).length;
}
}
}
else {
errors = (vErrors ??= []).push(refusal(instancePath,"type",{type: "object"},schema61,data));
}
validate265.errors = vErrors;
return errors === 0;
}

const schema62 = {"type":"object","additionalProperties":false,"required":["name","key","external","spec"],"properties":{"name":{"$ref":"#/$defs/Text"},"key":{"$ref":"#/$defs/Text"},"external":{"type":"boolean"},"spec":{"$ref":"#/$defs/VolumeSpec"}}};

function validate270(data, instancePath=""){
let vErrors = null;
let errors = 0;
if(data && typeof data == "object" && !Array.isArray(data)){
for(const prop0 of schema62.required){
if(data[prop0] === undefined){
errors = (vErrors ??= []).push(refusal(instancePath,"required",{missingProperty: prop0},schema62,data));
}
}
for(const key0 in data){
if(errors >= 64) break;
if(!((((key0 === "name") || (key0 === "key")) || (key0 === "external")) || (key0 === "spec"))){
errors = (vErrors ??= []).push(refusal(instancePath,"additionalProperties",{additionalProperty: key0},schema62,data));
}
}
if(data.name !== undefined){
if(!(validate23(data.name, instancePath+"/name"))){
errors = (vErrors = joined(vErrors, validate23)).length;
}
}
if(data.key !== undefined){
if(!(validate23(data.key, instancePath+"/key"))){
errors = (vErrors = joined(vErrors, validate23)).length;
}
}
if(data.external !== undefined){
let data2 = data.external;
if(typeof data2 !== "boolean"){
errors = (vErrors ??= []).push(refusal(instancePath+"/external","type",{type: "boolean"},schema62.properties.external,data2));
}
}
if(data.spec !== undefined){
if(!(validate212(data.spec, instancePath+"/spec"))){
errors = (vErrors = joined(vErrors, validate212)).length;
}
}
}
else {
errors = (vErrors ??= []).push(refusal(instancePath,"type",{type: "object"},schema62,data));
}
validate270.errors = vErrors;
return errors === 0;
}

const schema63 = {"type":"object","additionalProperties":false,"required":["name","key","external"],"properties":{"name":{"$ref":"#/$defs/Text"},"key":{"$ref":"#/$defs/Text"},"external":{"type":"boolean"},"data":{"$ref":"#/$defs/Text"},"labels":{"$ref":"#/$defs/TextMap"}}};

function validate275(data, instancePath=""){
let vErrors = null;
let errors = 0;
if(data && typeof data == "object" && !Array.isArray(data)){
for(const prop0 of schema63.required){
if(data[prop0] === undefined){
errors = (vErrors ??= []).push(refusal(instancePath,"required",{missingProperty: prop0},schema63,data));
}
}
for(const key0 in data){
if(errors >= 64) break;
if(!(((((key0 === "name") || (key0 === "key")) || (key0 === "external")) || (key0 === "data")) || (key0 === "labels"))){
errors = (vErrors ??= []).push(refusal(instancePath,"additionalProperties",{additionalProperty: key0},schema63,data));
}
}
if(data.name !== undefined){
if(!(validate23(data.name, instancePath+"/name"))){
errors = (vErrors = joined(vErrors, validate23)).length;
}
}
if(data.key !== undefined){
if(!(validate23(data.key, instancePath+"/key"))){
errors = (vErrors = joined(vErrors, validate23)).length;
}
}
if(data.external !== undefined){
let data2 = data.external;
if(typeof data2 !== "boolean"){
errors = (vErrors ??= []).push(refusal(instancePath+"/external","type",{type: "boolean"},schema63.properties.external,data2));
}
}
if(data.data !== undefined){
if(!(validate23(data.data, instancePath+"/data"))){
errors = (vErrors = joined(vErrors, validate23)).length;
}
}
if(data.labels !== undefined){
if(!(validate33(data.labels, instancePath+"/labels"))){
errors = (vErrors = joined(vErrors, validate33)).length;
}
}
}
else {
errors = (vErrors ??= []).push(refusal(instancePath,"type",{type: "object"},schema63,data));
}
validate275.errors = vErrors;
return errors === 0;
}


function validate244(data, instancePath=""){
let vErrors = null;
let errors = 0;
if(data && typeof data == "object" && !Array.isArray(data)){
for(const prop0 of schema57.required){
if(data[prop0] === undefined){
errors = (vErrors ??= []).push(refusal(instancePath,"required",{missingProperty: prop0},schema57,data));
}
}
for(const key0 in data){
if(errors >= 64) break;
if(!(func2.call(schema57.properties, key0))){
errors = (vErrors ??= []).push(refusal(instancePath,"additionalProperties",{additionalProperty: key0},schema57,data));
}
}
if(data.name !== undefined){
if(!(validate23(data.name, instancePath+"/name"))){
errors = (vErrors = joined(vErrors, validate23)).length;
}
}
if(data.workingDir !== undefined){
if(!(validate23(data.workingDir, instancePath+"/workingDir"))){
errors = (vErrors = joined(vErrors, validate23)).length;
}
}
if(data.configFiles !== undefined){
if(!(validate38(data.configFiles, instancePath+"/configFiles"))){
errors = (vErrors = joined(vErrors, validate38)).length;
}
}
if(data.services !== undefined){
let data3 = data.services;
if(Array.isArray(data3)){
const len0 = data3.length;
for(let i0=0; i0<len0 && errors < 64; i0++){
if(!(validate248(data3[i0], instancePath+"/services/" + i0))){
errors = (vErrors = joined(vErrors, validate248)).length;
}
}
}
else {
errors = (vErrors ??= []).push(refusal(instancePath+"/services","type",{type: "array"},schema57.properties.services,data3));
}
}
if(data.disabled !== undefined){
if(!(validate38(data.disabled, instancePath+"/disabled"))){
errors = (vErrors = joined(vErrors, validate38)).length;
}
}
if(data.networks !== undefined){
let data6 = data.networks;
if(Array.isArray(data6)){
const len1 = data6.length;
for(let i1=0; i1<len1 && errors < 64; i1++){
if(!(validate265(data6[i1], instancePath+"/networks/" + i1))){
errors = (vErrors = joined(vErrors, validate265)).length;
}
}
}
else {
errors = (vErrors ??= []).push(refusal(instancePath+"/networks","type",{type: "array"},schema57.properties.networks,data6));
}
}
if(data.volumes !== undefined){
let data8 = data.volumes;
if(Array.isArray(data8)){
const len2 = data8.length;
for(let i2=0; i2<len2 && errors < 64; i2++){
if(!(validate270(data8[i2], instancePath+"/volumes/" + i2))){
errors = (vErrors = joined(vErrors, validate270)).length;
}
}
}
else {
errors = (vErrors ??= []).push(refusal(instancePath+"/volumes","type",{type: "array"},schema57.properties.volumes,data8));
}
}
if(data.secrets !== undefined){
let data10 = data.secrets;
if(Array.isArray(data10)){
const len3 = data10.length;
for(let i3=0; i3<len3 && errors < 64; i3++){
if(!(validate275(data10[i3], instancePath+"/secrets/" + i3))){
errors = (vErrors = joined(vErrors, validate275)).length;
}
}
}
else {
errors = (vErrors ??= []).push(refusal(instancePath+"/secrets","type",{type: "array"},schema57.properties.secrets,data10));
}
}
if(data.configs !== undefined){
let data12 = data.configs;
if(Array.isArray(data12)){
const len4 = data12.length;
for(let i4=0; i4<len4 && errors < 64; i4++){
if(!(validate275(data12[i4], instancePath+"/configs/" + i4))){
errors = (vErrors = joined(vErrors, validate275)).length;
}
}
}
else {
errors = (vErrors ??= []).push(refusal(instancePath+"/configs","type",{type: "array"},schema57.properties.configs,data12));
}
}
}
else {
errors = (vErrors ??= []).push(refusal(instancePath,"type",{type: "object"},schema57,data));
}
validate244.errors = vErrors;
return errors === 0;
}

const schema64 = {"type":"object","additionalProperties":false,"required":["desired"],"properties":{"desired":{"enum":["ready","run"]},"services":{"$ref":"#/$defs/Texts"},"noDeps":{"type":"boolean"},"prepare":{"$ref":"#/$defs/Texts"},"removeOrphans":{"type":"boolean"},"forceRecreate":{"type":"boolean"},"noRecreate":{"type":"boolean"},"renewAnonVolumes":{"type":"boolean"},"scale":{"type":"object","additionalProperties":{"$ref":"#/$defs/Size"}},"timeoutMs":{"$ref":"#/$defs/Milliseconds"},"dryRun":{"type":"boolean"}}};

function validate284(data, instancePath=""){
let vErrors = null;
let errors = 0;
if(data && typeof data == "object" && !Array.isArray(data)){
for(const prop0 of schema64.required){
if(data[prop0] === undefined){
errors = (vErrors ??= []).push(refusal(instancePath,"required",{missingProperty: prop0},schema64,data));
}
}
for(const key0 in data){
if(errors >= 64) break;
if(!(func2.call(schema64.properties, key0))){
errors = (vErrors ??= []).push(refusal(instancePath,"additionalProperties",{additionalProperty: key0},schema64,data));
}
}
if(data.desired !== undefined){
let data0 = data.desired;
if(!((data0 === "ready") || (data0 === "run"))){
errors = (vErrors ??= []).push(refusal(instancePath+"/desired","enum",{allowedValues: schema64.properties.desired.enum},schema64.properties.desired,data0));
}
}
if(data.services !== undefined){
if(!(validate38(data.services, instancePath+"/services"))){
errors = (vErrors = joined(vErrors, validate38)).length;
}
}
if(data.noDeps !== undefined){
let data2 = data.noDeps;
if(typeof data2 !== "boolean"){
errors = (vErrors ??= []).push(refusal(instancePath+"/noDeps","type",{type: "boolean"},schema64.properties.noDeps,data2));
}
}
if(data.prepare !== undefined){
if(!(validate38(data.prepare, instancePath+"/prepare"))){
errors = (vErrors = joined(vErrors, validate38)).length;
}
}
if(data.removeOrphans !== undefined){
let data4 = data.removeOrphans;
if(typeof data4 !== "boolean"){
errors = (vErrors ??= []).push(refusal(instancePath+"/removeOrphans","type",{type: "boolean"},schema64.properties.removeOrphans,data4));
}
}
if(data.forceRecreate !== undefined){
let data5 = data.forceRecreate;
if(typeof data5 !== "boolean"){
errors = (vErrors ??= []).push(refusal(instancePath+"/forceRecreate","type",{type: "boolean"},schema64.properties.forceRecreate,data5));
}
}
if(data.noRecreate !== undefined){
let data6 = data.noRecreate;
if(typeof data6 !== "boolean"){
errors = (vErrors ??= []).push(refusal(instancePath+"/noRecreate","type",{type: "boolean"},schema64.properties.noRecreate,data6));
}
}
if(data.renewAnonVolumes !== undefined){
let data7 = data.renewAnonVolumes;
if(typeof data7 !== "boolean"){
errors = (vErrors ??= []).push(refusal(instancePath+"/renewAnonVolumes","type",{type: "boolean"},schema64.properties.renewAnonVolumes,data7));
}
}
if(data.scale !== undefined){
let data8 = data.scale;
if(data8 && typeof data8 == "object" && !Array.isArray(data8)){
for(const key1 in data8){
if(errors >= 64) break;
if(!(validate43(data8[key1], instancePath+"/scale/" + key1.replace(/~/g, "~0").replace(/\//g, "~1")))){
errors = (vErrors = joined(vErrors, validate43)).length;
}
}
}
else {
errors = (vErrors ??= []).push(refusal(instancePath+"/scale","type",{type: "object"},schema64.properties.scale,data8));
}
}
if(data.timeoutMs !== undefined){
if(!(validate89(data.timeoutMs, instancePath+"/timeoutMs"))){
errors = (vErrors = joined(vErrors, validate89)).length;
}
}
if(data.dryRun !== undefined){
let data11 = data.dryRun;
if(typeof data11 !== "boolean"){
errors = (vErrors ??= []).push(refusal(instancePath+"/dryRun","type",{type: "boolean"},schema64.properties.dryRun,data11));
}
}
}
else {
errors = (vErrors ??= []).push(refusal(instancePath,"type",{type: "object"},schema64,data));
}
validate284.errors = vErrors;
return errors === 0;
}


function validate243(data, instancePath=""){
let vErrors = null;
let errors = 0;
if(data && typeof data == "object" && !Array.isArray(data)){
for(const prop0 of schema56.required){
if(data[prop0] === undefined){
errors = (vErrors ??= []).push(refusal(instancePath,"required",{missingProperty: prop0},schema56,data));
}
}
for(const key0 in data){
if(errors >= 64) break;
if(!(((key0 === "project") || (key0 === "images")) || (key0 === "options"))){
errors = (vErrors ??= []).push(refusal(instancePath,"additionalProperties",{additionalProperty: key0},schema56,data));
}
}
if(data.project !== undefined){
if(!(validate244(data.project, instancePath+"/project"))){
errors = (vErrors = joined(vErrors, validate244)).length;
}
}
if(data.images !== undefined){
if(!(validate33(data.images, instancePath+"/images"))){
errors = (vErrors = joined(vErrors, validate33)).length;
}
}
if(data.options !== undefined){
if(!(validate284(data.options, instancePath+"/options"))){
errors = (vErrors = joined(vErrors, validate284)).length;
}
}
}
else {
errors = (vErrors ??= []).push(refusal(instancePath,"type",{type: "object"},schema56,data));
}
validate243.errors = vErrors;
return errors === 0;
}

export const SaveRequest = validate290;
const schema65 = {"type":"object","additionalProperties":false,"required":["references"],"properties":{"references":{"$ref":"#/$defs/Texts"}}};

function validate290(data, instancePath=""){
let vErrors = null;
let errors = 0;
if(data && typeof data == "object" && !Array.isArray(data)){
for(const prop0 of schema65.required){
if(data[prop0] === undefined){
errors = (vErrors ??= []).push(refusal(instancePath,"required",{missingProperty: prop0},schema65,data));
}
}
for(const key0 in data){
if(errors >= 64) break;
if(!(key0 === "references")){
errors = (vErrors ??= []).push(refusal(instancePath,"additionalProperties",{additionalProperty: key0},schema65,data));
}
}
if(data.references !== undefined){
if(!(validate38(data.references, instancePath+"/references"))){
errors = (vErrors = joined(vErrors, validate38)).length;
}
}
}
else {
errors = (vErrors ??= []).push(refusal(instancePath,"type",{type: "object"},schema65,data));
}
validate290.errors = vErrors;
return errors === 0;
}

export const StopRequest = validate292;
const schema66 = {"type":"object","additionalProperties":false,"properties":{"timeoutMs":{"$ref":"#/$defs/Milliseconds"},"signal":{"$ref":"#/$defs/Text"}}};

function validate292(data, instancePath=""){
let vErrors = null;
let errors = 0;
if(data && typeof data == "object" && !Array.isArray(data)){
for(const key0 in data){
if(errors >= 64) break;
if(!((key0 === "timeoutMs") || (key0 === "signal"))){
errors = (vErrors ??= []).push(refusal(instancePath,"additionalProperties",{additionalProperty: key0},schema66,data));
}
}
if(data.timeoutMs !== undefined){
if(!(validate89(data.timeoutMs, instancePath+"/timeoutMs"))){
errors = (vErrors = joined(vErrors, validate89)).length;
}
}
if(data.signal !== undefined){
if(!(validate23(data.signal, instancePath+"/signal"))){
errors = (vErrors = joined(vErrors, validate23)).length;
}
}
}
else {
errors = (vErrors ??= []).push(refusal(instancePath,"type",{type: "object"},schema66,data));
}
validate292.errors = vErrors;
return errors === 0;
}

export const TagRequest = validate295;
const schema67 = {"type":"object","additionalProperties":false,"required":["target"],"properties":{"target":{"$ref":"#/$defs/Text"}}};

function validate295(data, instancePath=""){
let vErrors = null;
let errors = 0;
if(data && typeof data == "object" && !Array.isArray(data)){
for(const prop0 of schema67.required){
if(data[prop0] === undefined){
errors = (vErrors ??= []).push(refusal(instancePath,"required",{missingProperty: prop0},schema67,data));
}
}
for(const key0 in data){
if(errors >= 64) break;
if(!(key0 === "target")){
errors = (vErrors ??= []).push(refusal(instancePath,"additionalProperties",{additionalProperty: key0},schema67,data));
}
}
if(data.target !== undefined){
if(!(validate23(data.target, instancePath+"/target"))){
errors = (vErrors = joined(vErrors, validate23)).length;
}
}
}
else {
errors = (vErrors ??= []).push(refusal(instancePath,"type",{type: "object"},schema67,data));
}
validate295.errors = vErrors;
return errors === 0;
}

export const TagsRequest = validate297;
const schema68 = {"type":"object","additionalProperties":false,"required":["reference"],"properties":{"reference":{"$ref":"#/$defs/Text"},"auth":{"$ref":"#/$defs/RegistryAuth"}}};

function validate297(data, instancePath=""){
let vErrors = null;
let errors = 0;
if(data && typeof data == "object" && !Array.isArray(data)){
for(const prop0 of schema68.required){
if(data[prop0] === undefined){
errors = (vErrors ??= []).push(refusal(instancePath,"required",{missingProperty: prop0},schema68,data));
}
}
for(const key0 in data){
if(errors >= 64) break;
if(!((key0 === "reference") || (key0 === "auth"))){
errors = (vErrors ??= []).push(refusal(instancePath,"additionalProperties",{additionalProperty: key0},schema68,data));
}
}
if(data.reference !== undefined){
if(!(validate23(data.reference, instancePath+"/reference"))){
errors = (vErrors = joined(vErrors, validate23)).length;
}
}
if(data.auth !== undefined){
if(!(validate54(data.auth, instancePath+"/auth"))){
errors = (vErrors = joined(vErrors, validate54)).length;
}
}
}
else {
errors = (vErrors ??= []).push(refusal(instancePath,"type",{type: "object"},schema68,data));
}
validate297.errors = vErrors;
return errors === 0;
}
