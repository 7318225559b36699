#!/usr/bin/env bash
# A real single-node Kubernetes for the tests in this folder: etcd, API server, controllers, scheduler, proxy and a
# kubelet on containerd and runc. All of it comes from Debian's packages; the control plane is built once from Debian's
# source package (about 8 minutes on two cores) and kept; the images that examples name are made from Debian's packages.
#
#   cluster.sh up           use or start a cluster; the last line printed is the path of its kubeconfig
#   cluster.sh build        only build what `up` would need to build, without starting anything
#   cluster.sh down         stop the cluster that this harness started; what was built is kept
#   cluster.sh env          print `export KUBECONFIG=…` of the cluster that `up` would use
#   cluster.sh used         print the kubeconfig of the cluster that answers now; fails when there is none
#   cluster.sh images       print the whole names of the images that a cluster of this harness has
#   cluster.sh load TAR     load an image archive (as `podman save` writes it) under its own names
#   cluster.sh status       which cluster is in use, and which of our parts run
#
# `up` takes the first that works: the cluster that KUBECONFIG names; a running one of this harness or of a
# neighbour in $TMPDIR/kube-cluster (same ports: only one can run); a new one. Starting one needs root and Debian 12.
#
# Settings: SLUICE_KUBE_CACHE   what was built; default ${SLUICE_CACHE:-~/.cache/sluice}/kube. A complete build in
#                               ~/.cache/kube-cluster is used as it is.
#           SLUICE_KUBE_STATE   the running cluster's files; default $SLUICE_KUBE_CACHE/state
# Pods reach this machine at 10.88.77.1. There is no registry: use imagePullPolicy IfNotPresent or Never.
set -euo pipefail

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
HOME_CACHE=${XDG_CACHE_HOME:-$HOME/.cache}
CACHE=${SLUICE_KUBE_CACHE:-${SLUICE_CACHE:-$HOME_CACHE/sluice}/kube}
STATE=${SLUICE_KUBE_STATE:-$CACHE/state}
NEIGHBOUR_CACHE=$HOME_CACHE/kube-cluster
NEIGHBOUR_STATE=${TMPDIR:-/tmp}/kube-cluster

VERSION=1.20.2
GATEWAY=10.88.77.1
API_PORT=16443
ETCD_PORT=23790
PARTS="kube-apiserver kube-controller-manager kube-scheduler kube-proxy kubelet"
ARCHIVES="pause tools argosay"
CONFIG=$STATE/admin.kubeconfig
BIN=$CACHE/bin-$VERSION
IMAGES=$CACHE/images

STARTED=$SECONDS
say() { printf 'kube [%3ds] %s\n' "$((SECONDS - STARTED))" "$*" >&2; }
die() { say "$*"; exit 1; }
kc() { kubectl --kubeconfig "$CONFIG" "$@"; }
ctr_k8s() { ctr --address "$STATE/run/containerd.sock" --namespace k8s.io "$@"; }

# --- while something slow runs: a line every 30 seconds with the last line of its log --------------------------------
watched() { # WHAT LOG COMMAND…
  local what=$1 log=$2 begin=$SECONDS next=30; shift 2
  "$@" >"$log" 2>&1 &
  local job=$!
  while kill -0 $job 2>/dev/null; do
    sleep 1
    if [ $((SECONDS - begin)) -ge $next ]; then
      next=$((next + 30))
      say "$what: $(tail -n 1 "$log" 2>/dev/null | tr -d '\r' | cut -c1-90)"
    fi
  done
  wait $job || { tail -n 20 "$log" >&2; die "$what failed; its log is $log"; }
}

# --- what Debian has -------------------------------------------------------------------------------------------------
need_packages() {
  local missing=() p
  for p in "$@"; do dpkg -s "$p" >/dev/null 2>&1 || missing+=("$p"); done
  [ ${#missing[@]} -gt 0 ] || return 0
  say "installing Debian packages: ${missing[*]}"
  mkdir -p "$CACHE"
  watched "apt-get" "$CACHE/apt.log" sh -c 'apt-get update -qq; DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"' apt "${missing[@]}"
}

debian_mirror() {
  cat /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list 2>/dev/null |
    awk '/^URIs:/{print $2; exit} /^deb /{for(i=2;i<=NF;i++)if($i~/^http/){print $i;exit}}' || true
}

# --- the control plane -----------------------------------------------------------------------------------------------
has_parts() { local p; for p in $PARTS; do [ -x "$1/$p" ] || return 1; done; }

build_parts() {
  if has_parts "$BIN"; then return; fi
  if has_parts "$NEIGHBOUR_CACHE/bin-$VERSION"; then
    BIN=$NEIGHBOUR_CACHE/bin-$VERSION
    say "control plane $VERSION: built before, in $BIN"
    return
  fi
  need_packages golang-go dpkg-dev make jq rsync gcc libc6-dev
  local src=$CACHE/src
  rm -rf "$src"
  mkdir -p "$src/apt/lists/partial" "$src/apt/cache/archives/partial" "$BIN"
  echo "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $(debian_mirror) bookworm main" >"$src/apt/sources.list"
  local apt=(-o "Dir::Etc::sourcelist=$src/apt/sources.list" -o Dir::Etc::sourceparts=/dev/null
             -o "Dir::State::Lists=$src/apt/lists" -o "Dir::Cache=$src/apt/cache")
  say "fetching Debian's source package of Kubernetes"
  watched "source package" "$src/fetch.log" sh -c 'cd "$1" && shift && apt-get "$@" update -qq && apt-get "$@" source -qq kubernetes' fetch "$src" "${apt[@]}"
  local tree part
  tree=$(echo "$src"/kubernetes-1.20*/)
  mkdir -p "$tree/.go/src/k8s.io" "$src/home"
  ln -sfn ../../.. "$tree/.go/src/k8s.io/kubernetes"
  say "building the control plane (once; five programs, about 8 minutes on two cores)"
  for part in $PARTS; do
    say "building $part"
    watched "$part" "$src/$part.log" make_part "$tree" "$part"
    cp "$tree/_output/bin/$part" "$BIN/$part.new"
    mv "$BIN/$part.new" "$BIN/$part"
  done
  chmod -R u+w "$src"
  rm -rf "$src"
}

make_part() ( # Debian's own Go, whatever other Go the machine has: this source does not build with a newer one
  cd "$1"
  unset GOROOT GOFLAGS GOPROXY GOTOOLCHAIN GO111MODULE
  export PATH=/usr/lib/go-1.19/bin:$PATH GOPATH=$PWD/.go CGO_ENABLED=0 HOME=$CACHE/src/home GOCACHE=$CACHE/src/gocache
  make WHAT="cmd/$2"
)

# --- images ----------------------------------------------------------------------------------------------------------
# One image with the tools that small steps use, known under the names that public examples give it.
TOOLS_NAMES="docker.io/library/busybox:latest docker.io/library/alpine:latest docker.io/library/alpine:3.6
docker.io/library/alpine:3.7 docker.io/library/alpine:3.18 docker.io/library/alpine:3.23
docker.io/library/python:alpine3.6 docker.io/library/python:alpine3.23 docker.io/library/debian:9.4
docker.io/library/debian:12 docker.io/docker/whalesay:latest"
# The same with an entrypoint of its own.
ARGOSAY_NAMES="docker.io/argoproj/argosay:v1 docker.io/argoproj/argosay:v2 quay.io/argoproj/argosay:v1
quay.io/argoproj/argosay:v2"

has_images() { local a; for a in $ARCHIVES; do [ -s "$1/$a.tar" ] || return 1; done; }

build_images() {
  if has_images "$IMAGES"; then return; fi
  if has_images "$NEIGHBOUR_CACHE/images"; then
    IMAGES=$NEIGHBOUR_CACHE/images
    say "images: made before, in $IMAGES"
    return
  fi
  need_packages podman buildah debootstrap busybox-static gcc libc6-dev
  mkdir -p "$IMAGES"
  local work; work=$(mktemp -d)
  pause_image "$work/pause"
  tools_image "$work/tools"
  mkdir -p "$work/argosay"
  printf 'FROM localhost/tools:1\nENTRYPOINT ["/argosay"]\n' >"$work/argosay/Dockerfile"
  save_image argosay "$work/argosay"
  rm -rf "$work"
}

save_image() { # NAME FOLDER: builds the folder's Dockerfile, keeps it as an archive
  watched "image $1" "$IMAGES/$1.log" podman build -q --isolation=chroot -t "localhost/$1:1" "$2"
  rm -f "$IMAGES/$1.tar.new"
  podman save -q -o "$IMAGES/$1.tar.new" "localhost/$1:1" >/dev/null
  mv "$IMAGES/$1.tar.new" "$IMAGES/$1.tar"
}

pause_image() { # holds a pod's namespaces, and sleeps
  mkdir -p "$1"
  cat >"$1/pause.c" <<'X'
#include <signal.h>
#include <unistd.h>
static void end(int s) { (void)s; _exit(0); }
int main(void) { signal(SIGTERM, end); signal(SIGINT, end); for (;;) pause(); }
X
  gcc -O2 -static -o "$1/pause" "$1/pause.c"
  printf 'FROM scratch\nCOPY pause /pause\nENTRYPOINT ["/pause"]\n' >"$1/Dockerfile"
  save_image pause "$1"
}

tools_image() {
  say "making the tools image from Debian's packages (once; about 1 minute)"
  local root=$1/rootfs
  mkdir -p "$1"
  watched "debootstrap" "$IMAGES/debootstrap.log" debootstrap --variant=minbase \
    --include=python3,bash,curl,jq,ca-certificates,procps,netcat-openbsd,busybox-static bookworm "$root" "$(debian_mirror)"
  rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/* "$root"/usr/share/{doc,man,locale} "$root/etc/resolv.conf"
  ln -sf python3 "$root/usr/bin/python"
  install -m 755 "$HERE/argosay" "$root/usr/bin/argosay"
  install -m 755 "$HERE/argosay" "$root/argosay"
  printf '#!/bin/sh\necho "$@"\n' >"$root/usr/bin/cowsay"
  chmod 755 "$root/usr/bin/cowsay"
  printf 'FROM scratch\nCOPY rootfs /\nENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\nCMD ["/bin/sh"]\n' >"$1/Dockerfile"
  save_image tools "$1"
}

load_images() {
  local a name
  for a in $ARCHIVES; do ctr_k8s images import "$IMAGES/$a.tar" >/dev/null; done
  for name in $TOOLS_NAMES; do ctr_k8s images tag --force localhost/tools:1 "$name" >/dev/null; done
  for name in $ARGOSAY_NAMES; do ctr_k8s images tag --force localhost/argosay:1 "$name" >/dev/null; done
}

# --- settings of the parts -------------------------------------------------------------------------------------------
write_keys() {
  if [ ! -f "$STATE/sa.pub" ]; then # signs the tokens of service accounts
    openssl genrsa -out "$STATE/sa.key" 2048 2>/dev/null
    openssl rsa -in "$STATE/sa.key" -pubout -out "$STATE/sa.pub" 2>/dev/null
  fi
  [ -f "$STATE/token" ] || openssl rand -hex 24 >"$STATE/token"
  chmod 600 "$STATE/token"
  (umask 077; echo "$(cat "$STATE/token"),admin,admin,\"system:masters\"" >"$STATE/tokens.csv")
  [ -f "$STATE/proxy.crt" ] && return
  # By this certificate the API server proves itself to extension API servers.
  openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj /CN=front-proxy-ca -keyout "$STATE/proxy-ca.key" -out "$STATE/proxy-ca.crt" 2>/dev/null
  openssl req -newkey rsa:2048 -nodes -subj /CN=front-proxy-client -keyout "$STATE/proxy.key" -out "$STATE/proxy.csr" 2>/dev/null
  openssl x509 -req -days 3650 -in "$STATE/proxy.csr" -CA "$STATE/proxy-ca.crt" -CAkey "$STATE/proxy-ca.key" -CAcreateserial -out "$STATE/proxy.crt" 2>/dev/null
}

write_settings() {
  (umask 077; cat >"$CONFIG" <<X
apiVersion: v1
kind: Config
clusters: [{name: test, cluster: {server: "https://127.0.0.1:$API_PORT", insecure-skip-tls-verify: true}}]
users: [{name: admin, user: {token: "$(cat "$STATE/token")"}}]
contexts: [{name: test, context: {cluster: test, user: admin, namespace: default}}]
current-context: test
X
  )
  cat >"$STATE/containerd.toml" <<X
version = 2
root = "$STATE/containerd"
state = "$STATE/run/containerd"
disabled_plugins = ["io.containerd.internal.v1.opt"]
[grpc]
  address = "$STATE/run/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "localhost/pause:1"
  restrict_oom_score_adj = true
  disable_apparmor = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "$STATE/cni"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
X
  cat >"$STATE/cni/10-bridge.conflist" <<X
{"cniVersion":"0.4.0","name":"kc","plugins":[{"type":"bridge","bridge":"kc0","isGateway":true,"ipMasq":false,"hairpinMode":true,
 "ipam":{"type":"host-local","dataDir":"$STATE/ipam","ranges":[[{"subnet":"10.88.77.0/24"}]],"routes":[{"dst":"0.0.0.0/0"}]}}]}
X
  cat >"$STATE/kubelet.yaml" <<X
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
address: $GATEWAY
authentication: {anonymous: {enabled: true}, webhook: {enabled: false}}
authorization: {mode: AlwaysAllow}
cgroupDriver: cgroupfs
enforceNodeAllocatable: []
failSwapOn: false
evictionHard: {memory.available: "100Mi", nodefs.available: "1%", imagefs.available: "1%"}
clusterDNS: [$GATEWAY]
clusterDomain: cluster.local
imageGCHighThresholdPercent: 100
maxPods: 200
kubeAPIQPS: 200
kubeAPIBurst: 400
eventRecordQPS: 0
serializeImagePulls: false
X
  cat >"$STATE/proxy.yaml" <<X
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
bindAddress: $GATEWAY
clientConnection: {kubeconfig: "$CONFIG"}
clusterCIDR: 10.88.77.0/24
hostnameOverride: node1
mode: iptables
conntrack: {maxPerCore: 0, min: 0}
X
}

# --- running ---------------------------------------------------------------------------------------------------------
running() { [ -f "$STATE/pid/$1" ] && kill -0 "$(cat "$STATE/pid/$1")" 2>/dev/null; }

start() { # NAME COMMAND…: in the background, its log and process id kept; nothing when it runs already
  local name=$1; shift
  running "$name" && return
  setsid "$@" >"$STATE/log/$name.log" 2>&1 </dev/null 9>&- &
  echo $! >"$STATE/pid/$name"
}

until_ok() { # WHAT TRIES COMMAND…: tries twice a second
  local what=$1 tries=$2 i; shift 2
  for ((i = 0; i < tries; i++)); do "$@" >/dev/null 2>&1 && return; sleep 0.5; done
  die "$what did not come up; see $STATE/log"
}

make_network() {
  ip link show kc0 >/dev/null 2>&1 || ip link add kc0 type bridge
  ip addr replace $GATEWAY/24 dev kc0
  ip link set kc0 up
  echo 1 >/proc/sys/net/ipv4/ip_forward
}

start_parts() {
  start etcd etcd --data-dir "$STATE/etcd" --listen-client-urls "http://127.0.0.1:$ETCD_PORT" \
    --advertise-client-urls "http://127.0.0.1:$ETCD_PORT" --listen-peer-urls http://127.0.0.1:23800
  start containerd containerd --config "$STATE/containerd.toml"
  start apiserver "$BIN/kube-apiserver" --etcd-servers="http://127.0.0.1:$ETCD_PORT" --secure-port=$API_PORT --bind-address=0.0.0.0 \
    --advertise-address=$GATEWAY --cert-dir="$STATE/certs" --token-auth-file="$STATE/tokens.csv" --authorization-mode=RBAC \
    --allow-privileged=true --service-account-issuer=https://kubernetes.default.svc \
    --service-account-signing-key-file="$STATE/sa.key" --service-account-key-file="$STATE/sa.pub" \
    --service-cluster-ip-range=10.96.0.0/16 --kubelet-preferred-address-types=InternalIP --enable-aggregator-routing=true \
    --requestheader-client-ca-file="$STATE/proxy-ca.crt" --requestheader-username-headers=X-Remote-User \
    --requestheader-group-headers=X-Remote-Group --requestheader-extra-headers-prefix=X-Remote-Extra- \
    --proxy-client-cert-file="$STATE/proxy.crt" --proxy-client-key-file="$STATE/proxy.key"
  until_ok "the API server" 120 kc get --raw /readyz
  say "API server answers"
  start controllers "$BIN/kube-controller-manager" --kubeconfig="$CONFIG" --service-account-private-key-file="$STATE/sa.key" \
    --root-ca-file="$STATE/certs/apiserver.crt" --use-service-account-credentials=true \
    --controllers='*,-nodeipam,-cloud-node-lifecycle,-route,-service' --port=0
  start scheduler "$BIN/kube-scheduler" --kubeconfig="$CONFIG" --port=0
  start kubelet "$BIN/kubelet" --config="$STATE/kubelet.yaml" --kubeconfig="$CONFIG" --container-runtime=remote \
    --container-runtime-endpoint="unix://$STATE/run/containerd.sock" --root-dir="$STATE/kubelet" --hostname-override=node1 \
    --node-ip=$GATEWAY --network-plugin=cni
  start proxy "$BIN/kube-proxy" --config="$STATE/proxy.yaml"
  start dns "$HERE/cluster.sh" serve-dns
}

serve_dns() { # answers SERVICE.NAMESPACE.svc.cluster.local for the services that exist, looked up every 2 s
  dnsmasq --keep-in-foreground --no-resolv --no-hosts --bind-interfaces --listen-address=$GATEWAY --addn-hosts="$STATE/hosts" \
    --pid-file="$STATE/dnsmasq.pid" --user=root &
  local dns=$!
  trap 'kill $dns' EXIT
  while sleep 2; do
    kc get services -A -o jsonpath='{range .items[?(@.spec.clusterIP!="None")]}{.spec.clusterIP} {.metadata.name}.{.metadata.namespace}.svc.cluster.local {.metadata.name}.{.metadata.namespace}.svc{"\n"}{end}' >"$STATE/hosts.new" 2>/dev/null || continue
    cmp -s "$STATE/hosts.new" "$STATE/hosts" || { mv "$STATE/hosts.new" "$STATE/hosts"; kill -HUP $dns; }
  done
}

forget_first() { # as a cluster that is some minutes old: what a watch from its first version is told can be tested
  local body='{"revision":"20"}'
  exec 3<>"/dev/tcp/127.0.0.1/$ETCD_PORT"
  printf 'POST /v3/kv/compaction HTTP/1.0\r\nContent-Length: %s\r\n\r\n%s' ${#body} "$body" >&3
  timeout 5 cat <&3
  exec 3>&-
}

# --- the commands ----------------------------------------------------------------------------------------------------
answers() { [ -f "$1" ] && command -v kubectl >/dev/null && kubectl --kubeconfig "$1" --request-timeout=5s get --raw /readyz >/dev/null 2>&1; }

in_use() { # the kubeconfig of a cluster that answers; fails when there is none
  local c
  for c in "${KUBECONFIG:-}" "$CONFIG" "$NEIGHBOUR_STATE/admin.kubeconfig"; do
    if [ -n "$c" ] && answers "$c"; then echo "$c"; return; fi
  done
  return 1
}

alone() { # test files run side by side: one of them builds and starts, the others wait for it
  mkdir -p "$CACHE"
  exec 9>"$CACHE/lock"
  flock --nonblock 9 && return
  say "waiting for another cluster.sh that builds or starts"
  flock 9
}

up() {
  local used
  if used=$(in_use); then
    say "using the running cluster of $used"
    echo "$used"
    return
  fi
  alone
  if used=$(in_use); then
    say "using the cluster that was started meanwhile"
    echo "$used"
    return
  fi
  [ -z "${KUBECONFIG:-}" ] || say "KUBECONFIG names '$KUBECONFIG', which does not answer: not using it"
  [ "$(id -u)" = 0 ] || die "starting a cluster needs root; set KUBECONFIG to use one that runs"
  [ -f /etc/debian_version ] || die "starting a cluster needs Debian 12; set KUBECONFIG to use one that runs"
  command -v kubectl >/dev/null || need_packages kubernetes-client
  need_packages etcd-server containerd runc containernetworking-plugins iptables iproute2 conntrack socat ethtool openssl dnsmasq-base
  if ! running apiserver && (exec 3<>"/dev/tcp/127.0.0.1/$API_PORT") 2>/dev/null; then
    die "port $API_PORT is taken by something that is no test cluster of ours: stop it, or set KUBECONFIG"
  fi
  build_images
  build_parts
  mkdir -p "$STATE"/{log,pid,run,certs,cni}
  touch "$STATE/hosts"
  write_keys
  write_settings
  make_network
  say "starting (about 20 seconds)"
  start_parts
  until_ok containerd 60 ctr_k8s images ls -q
  load_images
  say "images loaded"
  until_ok "the node" 120 sh -c "kubectl --kubeconfig '$CONFIG' get node node1 | grep -q ' Ready'"
  until_ok "the default account" 60 kc -n default get serviceaccount default
  forget_first >"$STATE/log/compaction.log" 2>&1 || say "the first versions are not forgotten; see $STATE/log/compaction.log"
  say "Kubernetes $VERSION is up"
  echo "$CONFIG"
}

down() {
  local part mount task
  if running containerd; then
    kc delete pods -A --all --grace-period=0 --force --wait=false >/dev/null 2>&1 || true
    sleep 3
  fi
  for part in dns proxy kubelet scheduler controllers apiserver etcd; do
    running $part && kill "$(cat "$STATE/pid/$part")" 2>/dev/null || true
  done
  if running containerd; then
    for task in $(ctr_k8s tasks ls -q 2>/dev/null); do ctr_k8s tasks kill -s SIGKILL "$task" >/dev/null 2>&1 || true; done
    sleep 1
    kill "$(cat "$STATE/pid/containerd")" 2>/dev/null || true
    ip link del kc0 2>/dev/null || true
  fi
  sleep 1
  awk -v s="$STATE/" 'index($2,s)==1{print $2}' /proc/mounts | sort -r | while read -r mount; do umount -l "$mount" 2>/dev/null || true; done
  rm -rf "$STATE"
  say "down"
}

status() {
  local used part
  if used=$(in_use); then echo "in use: $used"; else echo "in use: none"; fi
  for part in etcd containerd apiserver controllers scheduler kubelet proxy dns; do
    if running $part; then echo "$part running"; else echo "$part stopped"; fi
  done
}

load_archive() {
  local used socket
  used=$(in_use) || die "no cluster runs: cluster.sh up"
  socket=$(dirname "$used")/run/containerd.sock
  [ -S "$socket" ] || die "the cluster of $used is not ours: load the image with its own tool"
  ctr --address "$socket" --namespace k8s.io images import "$1"
}

case ${1:-} in
  up) up ;;
  build) alone; build_images; build_parts ;;
  down) down ;;
  used) in_use || die "no cluster answers: cluster.sh up" ;;
  env) echo "export KUBECONFIG=$(in_use || echo "$CONFIG")" ;;
  images) printf '%s\n' $TOOLS_NAMES $ARGOSAY_NAMES ;;
  load) load_archive "${2:?which archive}" ;;
  status) status ;;
  serve-dns) serve_dns ;;
  *) sed -n '2,22p' "$0"; exit 2 ;;
esac
