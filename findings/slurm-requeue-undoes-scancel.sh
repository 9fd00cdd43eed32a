#!/usr/bin/env bash
# Slurm 22.05.8 (Debian 12): a job that has itself queued again when it hears TERM, as a checkpointing script may do for
# preemption and time limits, comes back to life after scancel: the requeue of a job that is CANCELLED and still ends is
# accepted, and it runs again. Whoever cancels sees no error, and the job is gone from the queue of those at work for a
# moment. A script must not ask for a requeue on TERM, or must know that it was cancelled.
# Seen: scancel, then PENDING with Reason=BeginTime, then a second start with SLURM_RESTART_COUNT=1.
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
#SBATCH --requeue --open-mode=append --output=task.out
trap 'scontrol requeue $SLURM_JOB_ID' TERM
echo "started, restart ${SLURM_RESTART_COUNT:-0}"
[ -n "$SLURM_RESTART_COUNT" ] || { sleep 600 & wait; sleep 2; }
TASK
job=$(sbatch --parsable task.sbatch)
until grep -q started task.out 2>/dev/null; do sleep 0.2; done
scancel "$job"
echo "scancel: exit code $?"
for _ in $(seq 60); do grep -q 'restart 1' task.out && break; sleep 0.5; done
cat task.out
grep -q 'started, restart 1' task.out
