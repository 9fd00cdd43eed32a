#!/usr/bin/env bash
# Slurm 22.05.8 (Debian 12): what a controller saves of its state lags behind by seconds. Elements of a job array that
# ended within them are PENDING again after it was killed and started anew, and run a second time, though their end was
# told by squeue and scontrol before. A task must find out by itself that it was done.
# Seen: four elements told as COMPLETED, kill -9 at once, a new controller: all of them started twice.
set -euo pipefail
folder=$(mktemp -d)
daemons=()
trap 'kill -9 "${daemons[@]}" 2>/dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"
version=22.05.8-4+deb12u3
apt-get download -qq -o APT::Sandbox::User=root libmunge2 {slurmctld,slurmd,slurm-client,slurm-wlm-basic-plugins}=$version
for package in *.deb; do dpkg-deb -x "$package" slurm; done
mkdir state spool
libraries="$folder/slurm/usr/lib/x86_64-linux-gnu"
me=$(id -un)
cat >slurm.conf <<CONF
ClusterName=finding
SlurmctldHost=localhost(127.0.0.1)
SlurmctldPort=36817
SlurmdPort=36818
SlurmUser=$me
SlurmdUser=$me
AuthType=auth/none
AuthInfo=cred_expire=5
CredType=cred/none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SlurmdParameters=config_overrides
SchedulerParameters=bf_interval=1,sched_interval=2
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/controller.pid
SlurmdPidFile=$folder/node.pid
SlurmctldLogFile=$folder/controller.log
SlurmdLogFile=$folder/node.log
PluginDir=$libraries/slurm-wlm
CommunicationParameters=NoInAddrAny
NodeName=localhost NodeAddr=127.0.0.1 CPUs=8 RealMemory=1000
PartitionName=all Nodes=ALL Default=YES State=UP
CONF
export SLURM_CONF="$folder/slurm.conf" LD_LIBRARY_PATH="$libraries:$libraries/slurm-wlm" PATH="$folder/slurm/usr/bin:$PATH"
controller() { "$folder/slurm/usr/sbin/slurmctld-wlm" -D -f "$SLURM_CONF" >/dev/null 2>&1 & daemons+=($!); }
controller
"$folder/slurm/usr/sbin/slurmd-wlm" -D -f "$SLURM_CONF" -N localhost -d "$folder/slurm/usr/sbin/slurmstepd-wlm" >/dev/null 2>&1 &
daemons+=($!)
until [ "$(sinfo -h -o %T 2>/dev/null)" = idle ]; do sleep 0.2; done

cat >task.sbatch <<'TASK'
#!/bin/bash
#SBATCH --array=0-3 --open-mode=append --output=%a.out
echo started
TASK
job=$(sbatch --parsable task.sbatch)
until [ "$(squeue -h -r -t COMPLETED -j "$job" | wc -l)" = 4 ]; do sleep 0.1; done
echo "before: $(squeue -h -r -t all -j "$job" -o %T | sort | uniq -c | xargs)"
kill -9 "${daemons[0]}"
controller
until squeue -h >/dev/null 2>&1; do sleep 0.2; done
echo "after: $(squeue -h -r -t all -j "$job" -o %T | sort | uniq -c | xargs)"
for _ in $(seq 60); do [ "$(cat ./*.out | grep -c started)" -gt 4 ] && break; sleep 0.5; done
sleep 3
starts=$(cat ./*.out | grep -c started)
echo "starts of 4 elements: $starts"
[ "$starts" -gt 4 ]
