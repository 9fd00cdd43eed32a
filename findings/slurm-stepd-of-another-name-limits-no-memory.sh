#!/usr/bin/env bash
# Slurm 22.05.8 (Debian 12): task/cgroup with ConstrainRAMSpace limits a job's memory only where the step daemon's file
# is called slurmstepd. Debian's packages call it slurmstepd-wlm, which its alternatives hide; started by that name
# (slurmd -d …/slurmstepd-wlm, as from unpacked packages) jobs run as ever, nothing is said, and a job that takes more
# than its --mem is COMPLETED. Through a link called slurmstepd the same job is OUT_OF_MEMORY.
# Wants root and memory control groups of version 1. Seen: slurmstepd-wlm: COMPLETED, slurmstepd: OUT_OF_MEMORY.
set -euo pipefail
own=/sys/fs/cgroup/memory$(sed -n 's/^[0-9]*:memory://p' /proc/self/cgroup)
[ -w "$own/memory.memsw.limit_in_bytes" ] || [ -w "$own/memory.limit_in_bytes" ] || { echo "no memory control groups of version 1 here"; exit 2; }
folder=$(mktemp -d)
group="$own/$(basename "$folder")"
daemons=()
end() { kill "${daemons[@]}" 2>/dev/null || true; wait "${daemons[@]}" 2>/dev/null || true; daemons=(); }
clean() { end; find "$group" -depth -type d -exec rmdir {} \; 2>/dev/null || true; rm -rf "$folder"; }
trap clean EXIT
cd "$folder"
version=22.05.8-4+deb12u3
apt-get download -qq -o APT::Sandbox::User=root libmunge2 {slurmctld,slurmd,slurm-client,slurm-wlm-basic-plugins}=$version
for package in *.deb; do dpkg-deb -x "$package" slurm; done
mkdir state spool names cgroup "$group"
ln -s "$group" cgroup/memory
for name in slurmctld slurmd slurmstepd; do ln -s "$folder/slurm/usr/sbin/$name-wlm" "names/$name"; done
libraries="$folder/slurm/usr/lib/x86_64-linux-gnu"
me=$(id -un)
cat >slurm.conf <<CONF
ClusterName=finding
SlurmctldHost=localhost(127.0.0.1)
SlurmctldPort=36827
SlurmdPort=36828
SlurmUser=$me
SlurmdUser=$me
AuthType=auth/none
CredType=cred/none
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/cgroup
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SlurmdParameters=config_overrides
SchedulerParameters=bf_interval=1,sched_interval=2
ReturnToService=2
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/controller.pid
SlurmdPidFile=$folder/node.pid
SlurmctldLogFile=$folder/controller.log
SlurmdLogFile=$folder/node.log
PluginDir=$libraries/slurm-wlm
CommunicationParameters=NoInAddrAny
NodeName=localhost NodeAddr=127.0.0.1 CPUs=4 RealMemory=4000
PartitionName=all Nodes=ALL Default=YES State=UP
CONF
printf '%s\n' CgroupPlugin=cgroup/v1 "CgroupMountpoint=$folder/cgroup" ConstrainRAMSpace=yes ConstrainSwapSpace=yes >cgroup.conf
export SLURM_CONF="$folder/slurm.conf" LD_LIBRARY_PATH="$libraries:$libraries/slurm-wlm" PATH="$folder/slurm/usr/bin:$PATH"

# A job that holds 200 MB where it asked for 128, with a step daemon of this path; how it ended, in Slurm's word.
ended() {
  names/slurmctld -D -c -f "$SLURM_CONF" >/dev/null 2>&1 & daemons+=($!)
  names/slurmd -D -f "$SLURM_CONF" -N localhost -d "$1" >/dev/null 2>&1 & daemons+=($!)
  until [ "$(sinfo -h -o %T 2>/dev/null)" = idle ]; do sleep 0.2; done
  local job
  job=$(sbatch --parsable --mem=128M --output=/dev/null --wrap 'head -c 200000000 /dev/zero | tail -c 200000000 >/dev/null')
  until state=$(squeue -h -t all -j "$job" -o %T) && [[ "$state" =~ COMPLETED|OUT_OF_MEMORY|FAILED ]]; do sleep 0.2; done
  end
}
ended "$folder/slurm/usr/sbin/slurmstepd-wlm"; other=$state
ended "$folder/names/slurmstepd"; own=$state
echo "slurmstepd-wlm: $other, slurmstepd: $own"
[ "$other $own" = 'COMPLETED OUT_OF_MEMORY' ]
